"""Exports in the shapes that spreadsheets and back offices write are read; others are refused with line and remedy."""

import pytest

from harness.errors import UsageError
from scenarios.reconciliation.shop_export import ExportColumns, read_export

COLUMNS = ExportColumns("Order", "Total")


def rows(tmp_path, content, columns=COLUMNS, encoding=""):
    path = tmp_path / "export.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return [row[1:] for row in read_export(path, columns, encoding)]


@pytest.mark.parametrize(
    "content",
    [
        "Order,Total\nON1,62.99\n",
        "Order,Total\r\nON1,62.99",
        "Order,Total\rON1,62.99\r",
        "\ufeffOrder;Total\r\nON1;62.99\r\n",
        "sep=;\r\nOrder;Total\r\nON1;62.99\r\n",
        "\ufeffsep=\t\r\nOrder\tTotal\r\nON1\t62.99\r\n",
        "\n\nid|Order|Total\n7|ON1|62.99\n\n",
        '"Name","Order","Total"\n"Line one\nline two","ON1","62.99"\n',
        ' order , TOTAL ,"x;y;z;w"\n ON1 , 62.99 ,\n',
        "Order,Total,Note\nON1,62.99\n",
        "Order,Total\nON1,62.99,,\n",
        'Order,Total\n="ON1",62.99\n',
        "Order,Total\n'ON1,62.99\n",
        "Order,Total\nON1,62.99\n,\n;\n".replace(";", ","),
        "Order\tTotal\nON1\t62.99\n".encode("utf-16"),
        b"\xfe\xff" + "Order\tTotal\nON1\t62.99\n".encode("utf-16-be"),
    ],
)
def test_an_export_is_read(tmp_path, content):
    assert rows(tmp_path, content) == [("ON1", "62.99", "")]


def test_an_export_in_a_named_encoding_is_read(tmp_path):
    content = "Sipariş No;Tutar;Ödeme\r\nON1;1.062,99 TL;Kredi Kart\u0131\r\n".encode("windows-1254")
    columns = ExportColumns("Sipariş No", "Tutar", "Ödeme")
    assert rows(tmp_path, content, columns, "windows-1254") == [("ON1", "1.062,99 TL", "Kredi Kart\u0131")]
    with pytest.raises(UsageError, match=r"the text is not utf-8; save it as CSV UTF-8, or name its encoding, such as"):
        rows(tmp_path, content, columns)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "it is empty"),
        ("\n\n", "it has no header"),
        ("a,b\nON1,1\n", "--number-column Order: no such column in .*; its columns are a, b"),
        ("Order,Totals\nON1,1\n", "--amount-column Total: no such column in .*; did you mean Totals"),
        ("ON1,ada@mail.example,4111111111111111\n", "its columns are ON1$"),
        ("Order,Total,Order\nON1,1,2\n", "--number-column Order: columns 1 and 3 have this name; rename one of them"),
        (
            "Order,Total\nON1,1,50\n",
            "line 2: 3 cells, but the header has 2; is a decimal comma without quotation marks?",
        ),
        (
            'Order,Total\nON1,"1\nON2,2\n',
            "line 3: this is not CSV; is a quotation mark missing, or is the file cut off?",
        ),
        ('Order,Total\nON1,"1"2\n', "line 2: this is not CSV"),
        ("Order,Total\n,99.00\n", "line 2: an amount without an order number; remove sums"),
        ("Order,Total\n1.23457E+14,1\n", "line 2: a spreadsheet has rounded the order number"),
        ("Order,Total\nON1,1\n".encode("utf-16-le"), "this looks like UTF-16; say so with --encoding utf-16"),
        (b"PK\x03\x04rest", "this is an Excel workbook; save it as CSV UTF-8"),
        ("Order,Total\n" + 9 * ",1\n", "and 4 more lines$"),
    ],
)
def test_another_file_is_refused(tmp_path, content, says):
    with pytest.raises(UsageError, match=says) as refused:
        rows(tmp_path, content)
    assert "ada@" not in str(refused.value)
    assert "4111" not in str(refused.value)


def test_all_wrong_columns_are_named_at_once(tmp_path):
    with pytest.raises(UsageError) as refused:
        rows(tmp_path, "a,b,c\n1,2,3\n", ExportColumns("x", "y", "z"))
    assert str(refused.value).count("no such column") == 3


def test_a_folder_and_a_missing_file_are_refused(tmp_path):
    for path, says in ((tmp_path, "it is a folder"), (tmp_path / "none.csv", "No such file")):
        with pytest.raises(UsageError, match=says):
            read_export(path, COLUMNS)
