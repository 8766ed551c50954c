"""One exception class per way a caller acts, each with its exit code."""


class NetwatchError(Exception):
    """Anything netwatch-notify can say in one line; the message names thing, event and remedy."""

    exit_code = 2


class UsageError(NetwatchError):
    """Settings or arguments that cannot be used."""

    exit_code = 2


class UnreadableInputError(NetwatchError):
    """A file that is no nmap XML, or one that is broken or hostile."""

    exit_code = 2


class ScanError(NetwatchError):
    """nmap did not start, was killed, or stopped before `runstats`."""

    exit_code = 3


class InterruptedRunError(NetwatchError):
    """SIGTERM or SIGINT arrived; every nmap has been ended, the state is as before."""

    exit_code = 3


class DeliveryError(NetwatchError):
    """The run is done, but something could not be delivered (yet)."""

    exit_code = 4


class AnotherRunError(NetwatchError):
    """Another run holds this network's lock."""

    exit_code = 5


class StateError(NetwatchError):
    """The state directory or its database cannot be used."""

    exit_code = 6
