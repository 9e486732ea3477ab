"""Delays and drops round any channel."""

from __future__ import annotations

from counterpoint.comm.channel import Channel, CommState
from counterpoint.comm.links import NONE, Links, Noise
from counterpoint.comm.packet import NOTHING_KNOWN, CommPacket
from counterpoint.comm.profiles import DegradationProfile, get_profile
from counterpoint.comm.statistics import CommStatistics

LINK = ("here", "there")


class CommDegradation:
    """A channel whose packets are late, or lost.

    The delay of each packet is drawn from a normal distribution clipped to twice its mean, and ends
    at a frame. The newest packet that is due is visible; one that is overtaken is never seen. Ages
    count from when a state was sampled, so they hold at every frame, whatever happens on the way.

    Args:
        channel: What is degraded. It may be a degraded channel itself.
        profile: A profile, or its name.
        frames_per_second: Frames a second of simulated time; those of the channel inside.
        seed: Root seed of the noise.

    Raises:
        CommError: If the profile is unknown, or the rate or the seed is no integer in range.
    """

    def __init__(
        self,
        channel: Channel,
        profile: str | DegradationProfile,
        *,
        frames_per_second: int = 60,
        seed: int = 0,
    ) -> None:
        self._channel = channel
        self._begin(Noise(get_profile(profile), frames_per_second, seed))

    @property
    def profile(self) -> DegradationProfile:
        """Its delays and drops."""
        return self._noise.profile

    @property
    def statistics(self) -> CommStatistics:
        """What became of the packets of this episode."""
        return self._links.statistics()

    def transmit(self, state: CommState) -> CommPacket:
        """See `Channel`. Before the first packet has arrived, nothing is known."""
        packet = self._channel.transmit(state)
        self._frame += 1
        span = self._links.span
        self._under_way[self._frame % span] = packet
        newer = self._links.transmit(self._frame)
        newest = int(self._links.newest[0])
        if len(newer):
            self._visible = self._under_way[newest % span]
        if newest == NONE:
            return NOTHING_KNOWN
        late = self._frame - newest
        return self._visible.aged(late / self._noise.frames_per_second) if late else self._visible

    def reset(self, *, seed: int | None = None) -> None:
        """See `Channel`. The channel inside begins anew, too."""
        self._channel.reset(seed=seed)
        noise = self._noise
        episode, root = (noise.episode + 1, noise.seed) if seed is None else (0, seed)
        self._begin(Noise(noise.profile, noise.frames_per_second, root, episode))

    def _begin(self, noise: Noise) -> None:
        self._noise = noise
        self._links = Links(noise, [LINK])
        self._under_way = [NOTHING_KNOWN] * self._links.span
        self._visible = NOTHING_KNOWN
        self._frame: int = NONE
