"""An upload arrives whole under a name of ours, or leaves nothing."""

import http.client
from pathlib import Path

import pytest
from serving import Answer, Served, ask

from viewer.uploads import UploadError, shown_name


def send(served: Served, name: str, content: bytes, origin: str | None = "own") -> Answer:
    headers = {} if origin is None else {"Origin": served.origin if origin == "own" else origin}
    return ask(
        served.url + "upload", method="POST", query={"name": name}, body=content, headers=headers
    )


def there(served: Served) -> list[Path]:
    folder = served.services.repository.tmp / f"uploads-{served.settings.port}"
    return [path for path in folder.rglob("*") if path.is_file()]


def test_an_upload_arrives_byte_for_byte(served: Served) -> None:
    content = bytes(range(256)) * 700
    answer = send(served, "t1.nii.gz", content)
    upload = served.services.uploads.get(answer.json()["ticket"])

    assert answer.status == 200
    assert upload.path.read_bytes() == content
    assert upload.name == "t1.nii.gz"
    served.services.uploads.discard(upload.ticket)
    assert there(served) == []


@pytest.mark.parametrize("origin", [None, "http://evil.example", "null"])
def test_only_our_own_page_may_send(served: Served, origin: str | None) -> None:
    answer = send(served, "t1.nii", b"x", origin)

    assert answer.status == 403
    assert there(served) == []


def test_a_file_above_the_limit_is_refused_and_leaves_nothing(served: Served) -> None:
    answer = send(served, "t1.nii", bytes(300_000))

    assert answer.status == 413
    assert answer.json()["message"].startswith("t1.nii is larger than")
    assert there(served) == []


def test_a_file_that_lies_about_its_length_is_stopped_at_the_limit(served: Served) -> None:
    answer = ask(
        served.url + "upload?name=t1.nii",
        method="POST",
        body=iter([bytes(90_000)] * 20),
        headers={"Origin": served.origin, "Transfer-Encoding": "chunked"},
    )
    assert answer.status == 413
    assert there(served) == []


def test_an_empty_file_is_refused_by_name(served: Served) -> None:
    answer = send(served, "t1.nii", b"")

    assert answer.status == 400
    assert answer.json()["message"] == "t1.nii is empty."


def test_a_sender_that_stops_half_way_leaves_nothing(served: Served) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", served.settings.port)
    connection.putrequest("POST", "/upload?name=t1.nii")
    connection.putheader("Origin", served.origin)
    connection.putheader("Content-Length", "100000")
    connection.endheaders(b"half")
    connection.close()

    assert ask(served.url + "healthz").status == 200
    assert there(served) == []


@pytest.mark.parametrize(
    "name",
    ["../../etc/cron.d/x.nii", "..\\..\\x.nii", "/etc/passwd.nii", "a/../../b.nii.gz",
     "%2e%2e/x.nii", "x\x00.nii", "a\nb.nii"],
)  # fmt: skip
def test_no_part_of_a_path_comes_from_the_sender(served: Served, name: str) -> None:
    ticket = send(served, name, b"voxels").json()["ticket"]
    upload = served.services.uploads.get(ticket)

    assert upload.path.name in ("upload.nii", "upload.nii.gz")
    assert upload.path.parent.name == ticket
    assert not set("/\\\0\n") & set(upload.name)
    served.services.uploads.discard(ticket)


@pytest.mark.parametrize("name", ["", "t1.dcm", "t1", ".nii.exe", "x.zip", "  "])
def test_other_kinds_of_file_are_refused_before_they_are_stored(served: Served, name: str) -> None:
    assert send(served, name, b"x").status == 415
    assert there(served) == []
    with pytest.raises(UploadError):
        shown_name(name)


def test_only_a_few_uploads_wait_and_the_oldest_goes_first(served: Served) -> None:
    tickets = [send(served, "t1.nii", b"x").json()["ticket"] for _ in range(10)]

    assert len(there(served)) <= 8
    for ticket in tickets:
        served.services.uploads.discard(ticket)
    assert there(served) == []
