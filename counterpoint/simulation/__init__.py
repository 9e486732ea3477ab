"""Does what commands ask: the simulator protocol, SAPIEN behind it, responses, renderers."""
