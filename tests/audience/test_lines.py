"""Lines of a CSV file: they are read again as they were, and a spreadsheet program guesses and runs nothing."""

from broadcaster.audience.lines import heading, line


def test_a_line_ends_as_spreadsheet_programs_write_it() -> None:
    assert line(["Ann", "+6281234567890", "3"]) == "Ann,+6281234567890,3\r\n"


def test_a_cell_that_holds_what_parts_cells_is_quoted() -> None:
    assert line(["a,b", 'the "old" one', "two\nlines"]) == '"a,b","the ""old"" one","two\nlines"\r\n'


def test_what_would_be_a_formula_is_made_inert() -> None:
    assert line(["=1+1", "@SUM(A1)", "-3"]) == "'=1+1,'@SUM(A1),'-3\r\n"


def test_a_heading_begins_with_the_mark_and_is_made_inert_too() -> None:
    assert heading(["Name", "=A1"]) == "\ufeffName,'=A1\r\n"
