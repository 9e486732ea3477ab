"""Radio between robots as plain arithmetic: packets, ages, delays, drops; without a simulator."""

from counterpoint.comm.age import AoIClock
from counterpoint.comm.broadcast import Broadcast
from counterpoint.comm.channel import Channel, CommState, FixedFormatChannel
from counterpoint.comm.degradation import CommDegradation
from counterpoint.comm.links import Links, Noise
from counterpoint.comm.messages import Message, Messages
from counterpoint.comm.overlay import LearnedOverlay
from counterpoint.comm.packet import (
    NOTHING_KNOWN,
    SCHEMA_VERSION,
    CommPacket,
)
from counterpoint.comm.predicates import Predicates, checked_predicates
from counterpoint.comm.profiles import (
    DegradationProfile,
    get_profile,
    list_profiles,
    register_profile,
)
from counterpoint.comm.saturation import (
    CommSaturationWarning,
    check_saturation,
    saturation_reasons,
)
from counterpoint.comm.statistics import CommStatistics

__all__ = [
    "NOTHING_KNOWN",
    "SCHEMA_VERSION",
    "AoIClock",
    "Broadcast",
    "Channel",
    "CommDegradation",
    "CommPacket",
    "CommSaturationWarning",
    "CommState",
    "CommStatistics",
    "DegradationProfile",
    "FixedFormatChannel",
    "LearnedOverlay",
    "Links",
    "Message",
    "Messages",
    "Noise",
    "Predicates",
    "check_saturation",
    "checked_predicates",
    "get_profile",
    "list_profiles",
    "register_profile",
    "saturation_reasons",
]
