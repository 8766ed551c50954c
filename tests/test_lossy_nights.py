"""Ten nights on a real LAN that loses packets and never changes: not a line is told."""

from pathlib import Path

from tests.lan.network import Lan, require_lan
from tests.lossy_nights import LossyNetwork


def test_ten_nights_of_packet_loss_tell_nothing(tmp_path: Path) -> None:
    """One packet in ten is lost each way; `python -m tests.lossy_nights` does more of it."""
    require_lan()
    with Lan() as lan:
        network = LossyNetwork(lan, tmp_path, hosts=6, permille=100)
        nights = [network.night() for _ in range(11)]
    assert all(night.is_quiet for night in nights), "\n".join(map(str, nights))
