"""From raw labels to classes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipelines.detect.labelling import map_labels

RAW = st.lists(st.sampled_from(["a", "b", "c"]))


@given(RAW)
def test_raw_labels_are_the_classes_where_no_classes_are_given(raw: list[str]) -> None:
    assert map_labels(raw, {}) == tuple(dict.fromkeys(raw))


@given(RAW, st.dictionaries(st.sampled_from(["a", "b"]), st.sampled_from(["X", "Y"]), min_size=1))
def test_emits_known_classes_alone_and_each_once(raw: list[str], classes: dict[str, str]) -> None:
    found = map_labels(raw, classes)
    assert set(found) == {classes[label] for label in raw if label in classes}
    assert len(found) == len(set(found))
