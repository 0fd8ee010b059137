"""What the server answers, to whom, and what it refuses."""

import gzip
import json
import re

import pytest
from bokeh.util.token import get_token_payload
from serving import Answer, Served, ask

from twin.repository import Repository


def get(served: Served, path: str, **headers: str) -> Answer:
    return ask(served.url + path, headers=headers)


@pytest.fixture
def a_file(served: Served) -> str:
    return Repository(served.settings.library).put(gzip.compress(b"voxels" * 999, mtime=0))


def test_the_page_is_there_and_carries_the_safety_headers(served: Served) -> None:
    answer = get(served, "")

    assert answer.status == 200
    assert "Theatrum" in answer.text
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["content-encoding"] == "gzip"


def test_the_page_tells_the_browser_no_cookie_and_no_header_of_its_own(served: Served) -> None:
    answer = get(served, "", Cookie="secret=hush-hush", **{"X-Private": "hush-hush"})
    (token,) = re.findall(r'"token":"([^"]+)"', answer.text)

    assert "hush-hush" not in answer.text
    assert "hush-hush" not in json.dumps(get_token_payload(token))


def test_health_is_answered_in_json(served: Served) -> None:
    assert get(served, "healthz").json()["ok"] is True


def test_a_file_is_served_packed_and_for_ever(served: Served, a_file: str) -> None:
    answer = get(served, f"data/{a_file}")

    assert answer.content == b"voxels" * 999
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["etag"] == f'"{a_file}"'
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"


def test_a_file_that_the_browser_has_is_not_sent_again(served: Served, a_file: str) -> None:
    for tag in (f'"{a_file}"', f'W/"{a_file}"', f'"x", "{a_file}"'):
        answer = get(served, f"data/{a_file}", **{"If-None-Match": tag})
        assert (answer.status, answer.content) == (304, b"")


def test_a_reader_without_gzip_gets_the_plain_content(served: Served, a_file: str) -> None:
    answer = get(served, f"data/{a_file}", **{"Accept-Encoding": "identity"})

    assert "content-encoding" not in answer.headers
    assert answer.content == b"voxels" * 999


@pytest.mark.parametrize(
    "path",
    ["data/" + "0" * 64, "data/..%2f..%2fcases%2fx.json", "data/x", "data/%00",
     "components/os/x/y/z", "static/../../app.py",
     "components/viewer.panes.drop/Drop/_bundle_path/../../app.py"],
)  # fmt: skip
def test_what_is_not_a_file_of_ours_is_not_served(served: Served, path: str) -> None:
    answer = get(served, path)

    assert 400 <= answer.status < 500
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", ""])
def test_a_foreign_host_name_is_refused(served: Served, host: str) -> None:
    assert get(served, "", Host=host).status in (400, 421)
    assert get(served, "healthz", Host=host).status in (400, 421)


def test_an_unknown_case_is_said_in_words_and_the_server_lives(served: Served) -> None:
    for name in ("nobody", "../../etc/passwd", "<script>alert(1)</script>"):
        answer = ask(served.url, query={"case": name})
        assert answer.status == 200
        assert "<script>alert" not in answer.text
    assert get(served, "healthz").status == 200


def test_a_page_that_cannot_be_made_says_so_in_words(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("viewer.pages.frame.BUNDLE", served.settings.library / "missing.js")
    contexts = served.app.state.bokeh._applications["/"]
    before = set(contexts._sessions)
    assert get(served, "").status == 200
    (new,) = set(contexts._sessions) - before
    page = str(contexts._sessions[new].document.to_json())

    assert "The theatre cannot be opened" in page
    assert "The browser code has not been built" in page
    assert "Traceback" not in page
