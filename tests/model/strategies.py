"""Sets of numbers and addresses as Hypothesis makes them."""

from hypothesis import strategies as st

from netwatch_notify.model.ranges import Ranges
from netwatch_notify.model.target import AddressSet

spans = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 8)).map(lambda s: (s[0], sum(s))))
ranges = spans.map(Ranges.of)
address_sets = st.builds(AddressSet, ipv4=ranges, ipv6=ranges)
