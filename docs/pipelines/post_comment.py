"""Puts comment.md on the pull request of this pipeline, in place of the comment of its earlier run.

Needs nothing but Python. The service is known by the variables that it sets for each job: GitHub (also from Jenkins), GitLab or
Azure Pipelines. The token comes from GITHUB_TOKEN, CHECKLOAD_TOKEN or SYSTEM_ACCESSTOKEN.
"""

import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

PER_PAGE = 100
MOST_PAGES = 50
SECONDS = 30


class Service(NamedTuple):
    """How to list, replace and add comments: addresses, methods and documents of one service."""

    headers: dict[str, str]
    comments: str
    earlier: str
    """The address of one comment, with ``{}`` for its number."""
    replace_method: str
    text_of: Callable[[dict[str, Any]], str] = lambda one: one.get("body") or ""
    document: Callable[[str], dict[str, Any]] = lambda text: {"body": text}
    replacement: Callable[[str], dict[str, Any]] = lambda text: {"body": text}


def github(env: dict[str, str]) -> Service:
    """A pull request on GitHub; GITHUB_REF is refs/pull/NUMBER/merge, or NUMBER says it."""
    repository = f"{env.get('GITHUB_API_URL', 'https://api.github.com')}/repos/{env['GITHUB_REPOSITORY']}/issues"
    number = env.get("NUMBER") or env["GITHUB_REF"].split("/")[2]
    return Service(
        {"Authorization": f"Bearer {env['GITHUB_TOKEN']}", "Accept": "application/vnd.github+json"},
        f"{repository}/{number}/comments?per_page={PER_PAGE}",
        f"{repository}/comments/{{}}",
        "PATCH",
    )


def gitlab(env: dict[str, str]) -> Service:
    """A merge request on GitLab."""
    notes = f"{env['CI_API_V4_URL']}/projects/{env['CI_PROJECT_ID']}/merge_requests/{env['CI_MERGE_REQUEST_IID']}/notes"
    return Service(
        {"PRIVATE-TOKEN": env["CHECKLOAD_TOKEN"]},
        f"{notes}?per_page={PER_PAGE}",
        f"{notes}/{{}}",
        "PUT",
    )


def azure(env: dict[str, str]) -> Service:
    """A pull request on Azure Repos: each comment is the first of a thread."""
    threads = (
        f"{env['SYSTEM_COLLECTIONURI']}{env['SYSTEM_TEAMPROJECTID']}/_apis/git/repositories/{env['BUILD_REPOSITORY_ID']}"
        f"/pullRequests/{env['SYSTEM_PULLREQUEST_PULLREQUESTID']}/threads"
    )
    version = "api-version=7.0"
    return Service(
        {"Authorization": f"Bearer {env['SYSTEM_ACCESSTOKEN']}"},
        f"{threads}?{version}",
        f"{threads}/{{}}/comments/1?{version}",
        "PATCH",
        lambda one: ((one.get("comments") or [{}])[0].get("content")) or "",
        lambda text: {"comments": [{"parentCommentId": 0, "content": text, "commentType": "text"}], "status": "closed"},
        lambda text: {"content": text},
    )


SERVICES = {"SYSTEM_PULLREQUEST_PULLREQUESTID": azure, "CI_MERGE_REQUEST_IID": gitlab, "GITHUB_REPOSITORY": github}
"""Each service by a variable that only it sets."""


def post(text: str, env: dict[str, str]) -> str:
    """Replace the earlier comment, or add one; returns what was done."""
    service = next((make(env) for variable, make in SERVICES.items() if env.get(variable)), None)
    if service is None:
        return "No comment: this job belongs to no pull request."
    mark = text.splitlines()[0]
    for one in _listed(service):
        if service.text_of(one).startswith(mark):
            _call(service, service.earlier.format(one["id"]), service.replace_method, service.replacement(text))
            return "The earlier comment was replaced."
    _call(service, service.comments.partition("?per_page")[0], "POST", service.document(text))
    return "A comment was added."


def _listed(service: Service) -> Iterator[dict[str, Any]]:
    """Every comment. Azure answers all threads at once, under ``value``."""
    paged = "per_page" in service.comments
    for page in range(1, MOST_PAGES + 1):
        found = _call(service, f"{service.comments}&page={page}" if paged else service.comments, "GET", None)
        rows = found["value"] if isinstance(found, dict) else found
        yield from rows
        if not paged or len(rows) < PER_PAGE:
            return


def _call(service: Service, url: str, method: str, document: dict[str, Any] | None) -> Any:
    request = urllib.request.Request(  # noqa: S310 - the address of the CI service, from its own variables
        url, None if document is None else json.dumps(document).encode(), service.headers, method=method
    )
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=SECONDS) as reply:  # noqa: S310
        return json.loads(reply.read() or b"null")


def main() -> int:
    """Post the file that the first argument names. Without a comment the pipeline goes on: the verdict is what counts."""
    path = Path(sys.argv[1] if len(sys.argv) > 1 else "checkload-results/comment.md")
    if not path.exists():
        print(f"No comment: {path} is missing, because no run has ended.")
        return 0
    try:
        print(post(path.read_text(encoding="utf-8"), dict(os.environ)))
    except KeyError as missing:
        print(f"No comment: the variable {missing.args[0]} is missing; set it to the token or address of your service.")
    except (OSError, ValueError) as error:
        reason = f"{error.code} {error.reason}" if isinstance(error, urllib.error.HTTPError) else type(error).__name__
        print(f"No comment: the service refused it ({reason}); check that the token may write comments.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
