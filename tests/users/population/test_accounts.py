"""Accounts are read strictly and leased to one journey at a time."""

from __future__ import annotations

import stat

import pytest

from users.population.accounts import COLUMNS, Account, AccountPool, AccountsRejected

GOOD = ",".join(COLUMNS) + "\nada@shop.example,pw-one,Ada,L,05000000001,1\nbob@shop.example,pw-two,Bob,M,,0\n"


def pool_of(tmp_path, text):
    path = tmp_path / "accounts.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return AccountPool.read_csv(path)


def leased(pool, journey):
    found = []
    while account := pool.lease(journey):
        found.append(account)
    return found


@pytest.mark.parametrize("before", ["", "\ufeff"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\n\n"])
def test_a_correct_file_is_read(tmp_path, before, line_end):
    pool = pool_of(tmp_path, before + GOOD.replace("\n", line_end))
    ada = pool.lease("returning")
    assert (ada.email, ada.password, ada.first_name, ada.phone) == ("ada@shop.example", "pw-one", "Ada", "05000000001")
    assert pool.lease("first_time").email == "bob@shop.example"


def test_all_errors_of_a_file_are_listed_with_line_and_remedy(tmp_path):
    text = (
        GOOD + "eve,s3cret-a,E,V,123,yes\nADA@shop.example,,A,L,,1\nfay@shop.example,s3cret-b\n\n@,s3cret-c,a,b,,2,x\n"
    )
    with pytest.raises(AccountsRejected) as rejected:
        pool_of(tmp_path, text)
    output = rejected.value.problems
    assert [problem.partition("line ")[2].partition(":")[0] for problem in output] == [
        "4",
        "4",
        "4",
        "5",
        "5",
        "6",
        "8",
    ]
    everything = str(rejected.value)
    for part in (
        "email is not an e-mail address",
        "phone is not a phone number",
        "saved_choices is neither",
        "already on line 2",
        "password is empty",
        "2 columns",
        "7 columns",
        "write",
    ):
        assert part in everything
    assert "s3cret" not in everything


@pytest.mark.parametrize(
    "text", ["", "email,password\n", "ada@shop.example,s3cret,A,L,05000000001,1\n", b"\xff\xfe\x00"]
)
def test_a_file_of_another_kind_is_refused_without_quoting_it(tmp_path, text):
    with pytest.raises(AccountsRejected) as rejected:
        pool_of(tmp_path, text)
    assert "s3cret" not in str(rejected.value)
    assert len(rejected.value.problems) == 1


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(AccountsRejected, match="nowhere"):
        AccountPool.read_csv(tmp_path / "nowhere.csv")


def test_no_account_is_leased_twice():
    pool = AccountPool.generate(3, 2, seed=1)
    out = leased(pool, "returning")
    assert len({account.email for account in out}) == 3
    assert pool.lease("returning") is None
    pool.release(out[1])
    assert pool.lease("returning") is out[1]
    assert pool.free("first_time") == 2


def test_the_account_free_the_longest_is_leased_first():
    pool = AccountPool.generate(2, 0, seed=1)
    first = pool.lease("returning")
    pool.release(first)
    assert pool.lease("returning") is not first


def test_an_account_that_is_not_leased_cannot_be_released():
    pool = AccountPool.generate(1, 0, seed=1)
    account = pool.lease("returning")
    pool.release(account)
    for stranger in (account, Account("x@y.example", "pw")):
        with pytest.raises(ValueError, match="not leased"):
            pool.release(stranger)


def test_returning_shoppers_get_accounts_with_saved_choices_and_first_time_ones_without():
    pool = AccountPool.generate(4, 5, seed=1)
    assert [account.saved_choices for account in leased(pool, "returning")] == [True] * 4
    assert [account.saved_choices for account in leased(pool, "first_time")] == [False] * 5


@pytest.mark.parametrize("workers", [1, 2, 3, 7])
def test_workers_partition_all_accounts(workers):
    pool = AccountPool.generate(10, 8, seed=1)
    parts = [
        leased(pool.partition(worker, workers), journey)
        for worker in range(workers)
        for journey in ("returning", "first_time")
    ]
    emails = [account.email for part in parts for account in part]
    assert len(emails) == len(set(emails)) == 18
    sizes = [len(part) for part in parts[::2]]
    assert max(sizes) - min(sizes) <= 1


def test_a_partition_for_an_unknown_worker_is_rejected():
    with pytest.raises(ValueError, match="worker 2 of 2"):
        AccountPool.generate(1, 1, seed=1).partition(2, 2)


def test_generated_accounts_are_the_same_for_the_same_seed(tmp_path):
    first, second, other = (tmp_path / name for name in "abc")
    for path, seed in ((first, 1), (second, 1), (other, 2)):
        AccountPool.generate(2, 2, seed).write_csv(path)
    assert first.read_bytes() == second.read_bytes() != other.read_bytes()


def test_a_written_accounts_file_can_be_read_back_and_is_private(tmp_path):
    path = tmp_path / "accounts.csv"
    path.write_text("an older file")
    path.chmod(0o644)
    pool = AccountPool.generate(2, 1, seed=1)
    pool.write_csv(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = AccountPool.read_csv(path)
    assert len(again) == len(pool) == 3
    assert again.lease("returning").password == pool.lease("returning").password


def test_a_password_is_never_shown():
    account = Account("ada@shop.example", "s3cret", last_code="123456")
    assert "s3cret" not in repr(account)
    assert "123456" not in repr(account)
