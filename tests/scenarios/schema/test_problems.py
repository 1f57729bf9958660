from scenarios.schema.problems import ABSENT, Problem, ScenarioError, did_you_mean, one_of


def test_a_problem_shows_key_value_expectation_and_remedy():
    problem = Problem("payments.credit_cart", 30, "a payment option", "did you mean `credit_card`?")
    assert str(problem) == (
        "payments.credit_cart = 30\n  expected: a payment option\n  remedy:   did you mean `credit_card`?"
    )


def test_a_missing_key_is_reported_and_the_remedy_is_optional():
    assert str(Problem("closed.users", ABSENT, "How many")) == "closed.users is missing\n  expected: How many"


def test_the_error_counts_its_problems_and_shows_each_once():
    one, two = Problem("a", 1, "x"), Problem("b", [2], "y")
    error = ScenarioError("scenario own", [one, two, one])
    assert error.problems == (one, two)
    assert str(error).startswith("scenario own cannot be used: 2 problems\n\n  a = 1\n    expected: x\n\n  b = [2]\n")
    assert "1 problem\n" in str(ScenarioError("scenario own", [one]))


def test_values_that_may_be_secret_are_never_shown():
    for key in ("accounts.password", "sms.code", "x.token", "cards.card_number", "card_cvv", "client_Secret"):
        assert "hunter2" not in str(Problem(key, "hunter2", "nothing"))


def test_long_values_are_cut_and_stay_on_one_line():
    text = str(Problem("description", "a\n" + "b" * 500, "less"))
    assert len(text.splitlines()[0]) < 110
    assert len(text.splitlines()) == 2


def test_close_names_are_suggested_and_distant_ones_are_not():
    names = ("credit_card", "gpay", "BinNumberPage")
    assert did_you_mean("credit-cart", names) == "did you mean `credit_card`?"
    assert did_you_mean("binnumberpage", names) == "did you mean `BinNumberPage`?"
    assert did_you_mean("qqqqqq", names) == ""


def test_names_are_listed_with_commas_and_or():
    assert one_of(["a", "b", "c"]) == "a, b or c"
    assert one_of(["a"]) == "a"
