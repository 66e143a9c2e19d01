import io

import pytest
from pypdf import PdfReader

from tests.trust_center.documents.conftest import ONE_PAGE
from trust_center.documents.adapters import binding, printing


def test_the_page_is_put_behind_and_the_same_two_give_the_same_bytes():
    pages, bound = binding.bind(ONE_PAGE, ONE_PAGE)
    assert (pages, len(PdfReader(io.BytesIO(bound)).pages)) == (2, 2)
    assert binding.bind(ONE_PAGE, ONE_PAGE) == (pages, bound)


@pytest.mark.parametrize(("pdf", "page"), [(b"", ONE_PAGE), (b"no PDF", ONE_PAGE), (ONE_PAGE, b"no PDF")])
def test_what_is_no_pdf_is_not_bound(pdf, page):
    with pytest.raises(printing.PrintingFailed):
        binding.bind(pdf, page)
