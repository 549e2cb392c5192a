"""What differs between configurations."""

from hypothesis import given
from hypothesis import strategies as st

from mirs_core.config.differences import differences
from mirs_core.config.presets import PRESETS, changes_of, from_preset
from mirs_core.config.settings import settings


@given(st.lists(st.sampled_from(sorted(PRESETS)), min_size=2, max_size=4))
def test_exactly_the_settings_that_are_not_equal_are_found(names: list[str]) -> None:
    made = [from_preset(name, data="x") for name in names]
    found = {one.name: one.values for one in differences(made)}
    for group, item in settings():
        values = tuple(getattr(getattr(config, group), item.name) for config in made)
        assert found.get(f"{group}.{item.name}", values[:1] * len(values)) == values
    assert ("preset" in found) == (len(set(names)) > 1)
    assert "data" not in found and "seed" not in found


def test_equal_configurations_do_not_differ() -> None:
    assert differences([from_preset("mirs", data="x")] * 3) == []


@given(st.sampled_from(sorted(PRESETS)), st.floats(0, 100), st.sampled_from([32, 64, 256]))
def test_changes_make_the_configuration_again(name: str, push: float, bits: int) -> None:
    config = from_preset(
        name, data="x", seed=3, changes=[f"loss.push_weight={push!r}", f"head.bits={bits}"]
    )
    assert from_preset(name, data="x", seed=3, changes=changes_of(config)) == config
