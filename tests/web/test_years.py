"""Which year a page shows."""

import pytest
from django.http import Http404

from jiaozi.web.years import year_asked, years_offered


def test_the_last_year_is_shown_where_none_is_asked_for():
    assert year_asked({}, 2026) == 2026
    assert year_asked({"year": ""}, 2026, unnamed=2025) == 2025
    assert year_asked({"year": "2024"}, 2026, unnamed=2025) == 2024


@pytest.mark.parametrize("text", ["x", "²", "-2024", "02024", "2027", "1999", "9" * 5_000])
def test_what_is_no_year_of_the_page_is_not_found(text):
    with pytest.raises(Http404):
        year_asked({"year": text}, 2026)


def test_a_page_may_begin_later():
    assert year_asked({"year": "2023"}, 2026, first=2023) == 2023
    with pytest.raises(Http404):
        year_asked({"year": "2022"}, 2026, first=2023)


def test_the_years_offered_begin_where_the_programme_does():
    assert list(years_offered(2026)) == [2026, 2025, 2024, 2023, 2022]
    assert list(years_offered(2026, 2025)) == [2026, 2025]
