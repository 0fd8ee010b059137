"""Settings are read once, and nonsense is refused."""

from pathlib import Path

import pytest

from viewer.settings import Settings, SettingsError


def test_nothing_set_means_this_machine_only() -> None:
    settings = Settings.read({"XDG_DATA_HOME": "/data"})

    assert settings.local
    assert settings.address == "http://127.0.0.1:5106/"
    assert settings.library == Path("/data/theatrum")


def test_an_option_wins_over_the_environment() -> None:
    environment = {"THEATRUM_PORT": "6000", "THEATRUM_HOST": "10.0.0.5", "THEATRUM_LIBRARY": "/a"}
    settings = Settings.read(environment, port=7000, library=None, host=None)

    assert (settings.port, settings.host, settings.library) == (7000, "10.0.0.5", Path("/a"))
    assert not settings.local


def test_only_named_hosts_are_answered_on_the_network() -> None:
    settings = Settings.read(
        {"THEATRUM_HOST": "10.0.0.5", "THEATRUM_ALLOWED_HOSTS": "theatre.ward, x"}
    )

    assert settings.hosts == {"10.0.0.5", "theatre.ward", "x"}
    assert "theatre.ward:5106" in settings.origins


@pytest.mark.parametrize(
    "environment",
    [{"THEATRUM_PORT": "x"}, {"THEATRUM_PORT": "0"}, {"THEATRUM_PORT": "70000"},
     {"THEATRUM_UPLOAD_MB": "0"}, {"THEATRUM_UPLOAD_MB": "-1"}, {"THEATRUM_HOST": "0.0.0.0"},
     {"THEATRUM_PLANNING_MB": "12"}, {"THEATRUM_PLANNING_MB": "all"}],
)  # fmt: skip
def test_nonsense_is_refused(environment: dict[str, str]) -> None:
    with pytest.raises(SettingsError):
        Settings.read(environment)


def test_each_start_signs_with_a_secret_of_its_own_that_is_never_shown() -> None:
    one, two = Settings.read({}), Settings.read({})

    assert one.secret != two.secret
    assert one.secret not in repr(one)
