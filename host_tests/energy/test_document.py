"""docs/power.md and its pictures are as the model has them."""

import pytest

from tools.docs import power
from tools.energy.model import energy


def test_the_document_and_its_pictures_are_up_to_date():
    assert [path.name for path, text in power.files().items() if path.read_text("utf-8") != text] == []


def test_a_block_without_its_place_is_an_error():
    with pytest.raises(ValueError, match="no place for consumers"):
        power.page("# A device that sleeps\n")


def test_every_consumer_has_what_decides_over_it():
    assert {line.name for line in energy(power.USUAL).lines} == set(power.REASONS)
