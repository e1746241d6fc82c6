"""A language is told where the model is sure, and held against nobody where it is not."""

from __future__ import annotations

import pytest

from data_checks import columns
from pipelines.languages import UNDETERMINED, detect_languages

SENTENCES = {
    "en": "The firm recalls all lots of the product because the label does not declare milk.",
    "sv": "Livsmedelsverket återkallar en produkt eftersom den innehåller mjölk som inte anges på förpackningen.",
    "de": "Das Unternehmen ruft alle Chargen zurück, weil die Milch auf dem Etikett nicht angegeben ist.",
    "fr": "L'entreprise rappelle tous les lots du produit parce que l'étiquette ne mentionne pas le lait.",
    "zh": "由于标签上没有注明牛奶 该公司召回了该产品的所有批次 请消费者立即停止食用并退回购买地点",
}


@pytest.mark.parametrize("code", SENTENCES)
def test_tells_a_language(code: str) -> None:
    (language,) = detect_languages([SENTENCES[code]], 0.5)
    assert language.code == code
    assert 0.5 <= language.certainty <= 1.0


@pytest.mark.parametrize("text", ["", " \n ", "Calle XXX", "12 CFR 1026.19(e)(1)(iii)"])
def test_does_not_judge_a_short_text(text: str) -> None:
    assert detect_languages([text], 0.0)[0].code == "und"


def test_does_not_judge_below_the_certainty_asked_for() -> None:
    assert [language.code for language in detect_languages([SENTENCES["sv"]], 1.0)] == ["und"]


def test_reads_across_lines_and_keeps_the_order() -> None:
    texts = [SENTENCES["de"].replace(" ", "\n"), SENTENCES["en"].replace(" ", "\r\n"), ""]
    assert [language.code for language in detect_languages(texts, 0.5)] == ["de", "en", "und"]


def test_reads_only_the_beginning_of_a_long_text() -> None:
    assert detect_languages([SENTENCES["en"] * 10 + SENTENCES["sv"] * 1000], 0.8)[0].code == "en"


def test_what_is_not_known_is_said_in_the_word_that_the_checks_expect() -> None:
    assert UNDETERMINED == columns.UNDETERMINED
