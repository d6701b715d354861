"""Data arrives whole or not at all, over folders, SFTP and S3; a break costs what was on the line and no more."""

import hashlib
import os
from dataclasses import replace
from pathlib import Path

import pytest

from jiaozi.engines.staging import Mover
from jiaozi.engines.staging.records import PAGE_MAX
from jiaozi.order.ports import UnableToMove, UnableToReachPlace, UnableToReadUsage

from .conftest import PIECE, movement

CONTENT = os.urandom(10 * PIECE + 17)
DIGEST = hashlib.sha256(CONTENT).hexdigest()


class CutError(Exception):
    """The line breaks here."""


def cutting(after):
    def progress(there, size):
        if there >= after:
            raise CutError

    return progress


@pytest.fixture
def source(data):
    (data / "in.bin").write_bytes(CONTENT)
    return f"file://{data}/in.bin"


class TestFolder:
    def test_it_arrives_with_its_record(self, mover, data, source):
        seen = []
        asked = movement(source, f"file://{data}/job/1/out.bin", sha256=DIGEST)
        assert mover.size(source) == len(CONTENT)
        record = mover.move(asked, lambda there, size: seen.append((there, size)))
        assert (data / "job/1/out.bin").read_bytes() == CONTENT
        assert (record.size, record.sent, record.sha256) == (len(CONTENT), len(CONTENT), DIGEST)
        assert seen[-1] == (len(CONTENT), len(CONTENT))
        assert [there for there, _ in seen] == sorted(there for there, _ in seen)
        assert mover.movements("").records == (record,)

    def test_asked_again_nothing_moves(self, mover, data, source):
        asked = movement(source, f"file://{data}/out.bin")
        record = mover.move(asked)
        (data / "in.bin").unlink()
        assert mover.move(asked) == record
        assert len(mover.movements("").records) == 1
        with pytest.raises(UnableToMove, match="another movement"):
            mover.move(replace(asked, target=f"file://{data}/other.bin"))

    def test_after_a_break_it_goes_on(self, options, data, source):
        asked = movement(source, f"file://{data}/out.bin", sha256=DIGEST)
        with pytest.raises(UnableToReachPlace):
            Mover(options).move(asked, cutting(4 * PIECE))
        assert not (data / "out.bin").exists()
        record = Mover(options).move(asked)
        assert (data / "out.bin").read_bytes() == CONTENT
        assert record.sent == len(CONTENT)
        assert list(data.glob("*.part")) == []

    def test_what_a_break_left_is_verified(self, options, data, source):
        """A rotten half is found, and the next attempt begins anew."""
        asked = movement(source, f"file://{data}/out.bin", sha256=DIGEST)
        with pytest.raises(UnableToReachPlace):
            Mover(options).move(asked, cutting(4 * PIECE))
        (part,) = data.glob("*.part")
        part.write_bytes(b"x" + part.read_bytes()[1:])
        with pytest.raises(UnableToMove, match="SHA-256"):
            Mover(options).move(asked)
        assert list(data.glob("*.part")) == []
        record = Mover(options).move(asked)
        assert (data / "out.bin").read_bytes() == CONTENT
        assert record.sent == 2 * len(CONTENT)

    def test_a_source_that_changed_begins_anew(self, options, data, source):
        asked = movement(source, f"file://{data}/out.bin")
        with pytest.raises(UnableToReachPlace):
            Mover(options).move(asked, cutting(4 * PIECE))
        (data / "in.bin").write_bytes(CONTENT[::-1])
        record = Mover(options).move(asked)
        assert (data / "out.bin").read_bytes() == CONTENT[::-1]
        assert record.sha256 == hashlib.sha256(CONTENT[::-1]).hexdigest()

    def test_a_source_that_changes_meanwhile_is_not_kept(self, mover, data, source):
        def change(there, size):
            if there == 2 * PIECE:
                with (data / "in.bin").open("ab") as file:
                    file.write(b"more")

        with pytest.raises(UnableToReachPlace, match="changed"):
            mover.move(movement(source, f"file://{data}/out.bin"), change)
        assert sorted(path.name for path in data.iterdir()) == ["in.bin"]

    def test_the_wrong_content_is_not_kept(self, mover, data, source):
        with pytest.raises(UnableToMove, match="SHA-256"):
            mover.move(movement(source, f"file://{data}/out.bin", sha256="0" * 64))
        assert sorted(path.name for path in data.iterdir()) == ["in.bin"]
        assert mover.movements("").records == ()

    def test_more_than_the_hold_covers_is_refused_before_it_moves(self, mover, data, source):
        with pytest.raises(UnableToMove, match="the hold covers 5"):
            mover.move(movement(source, f"file://{data}/out.bin", bytes_max=5))
        assert sorted(path.name for path in data.iterdir()) == ["in.bin"]

    def test_an_empty_file_is_a_file(self, mover, data):
        (data / "none").touch()
        assert mover.move(movement(f"file://{data}/none", f"file://{data}/out")).size == 0
        assert (data / "out").read_bytes() == b""

    def test_two_movers_don_t_meet(self, options, data, source):
        asked = movement(source, f"file://{data}/out.bin")
        inner = []

        def meanwhile(there, size):
            if not inner:
                with pytest.raises(UnableToReachPlace) as refused:
                    Mover(options).move(asked)
                inner.append(refused.value.reason.code)

        Mover(options).move(asked, meanwhile)
        assert inner == ["BEING_MOVED"]


class TestRecords:
    def test_they_are_read_page_by_page(self, mover, data):
        (data / "a").write_bytes(b"a")
        made = [mover.move(movement(f"file://{data}/a", f"file://{data}/o{number}")) for number in range(5)]
        first = mover.movements("")
        assert list(first.records) == made
        assert not first.more
        assert mover.movements(first.cursor).records == ()
        more = mover.move(movement(f"file://{data}/a", f"file://{data}/again"))
        assert mover.movements(first.cursor).records == (more,)
        assert PAGE_MAX >= 100

    @pytest.mark.parametrize("cursor", ["x", "-1", "999999999"])
    def test_a_foreign_cursor_is_refused(self, mover, cursor):
        with pytest.raises(UnableToReadUsage):
            mover.movements(cursor)

    def test_a_crash_before_the_mark_writes_no_second_line(self, options, data, source, monkeypatch):
        asked = movement(source, f"file://{data}/out.bin")
        mover = Mover(options)
        kept = mover.records.keep
        monkeypatch.setattr(mover.records, "keep", lambda id_, state: None if "record" in state else kept(id_, state))
        mover.move(asked)
        Mover(options).move(asked)
        assert len(Mover(options).movements("").records) == 1


class TestWhereTo:
    @pytest.mark.parametrize(
        "url",
        [
            "file:///etc/passwd",
            "file://{data}/../secret",
            "file://{data}/%2e%2e/secret",
            "file://{data}",
            "file://{data}-other/x",
            "file://{data}/a?b",
            "file://{data}//x",
            "sftp://elsewhere/x",
            "http://127.0.0.1/x",
            "s3://bucket",
            "x",
            "",
            "file://{data}/a\nb",
        ],
    )
    def test_only_under_the_roots(self, mover, data, source, url):
        url = url.format(data=data)
        for ends in ((url, f"file://{data}/out"), (source, url)):
            with pytest.raises(UnableToMove):
                mover.move(movement(*ends))

    def test_no_password_and_none_is_repeated(self, mover):
        with pytest.raises(UnableToMove) as refused:
            mover.size("sftp://me:hunter2@centre/x")
        assert "hunter2" not in str(refused.value)

    def test_no_link_leads_out(self, mover, data, source, tmp_path):
        (tmp_path / "secret").write_text("s")
        (data / "link").symlink_to(tmp_path / "secret")
        (data / "folder").symlink_to(tmp_path)
        for url in (f"file://{data}/link", f"file://{data}/folder/secret"):
            with pytest.raises(UnableToMove, match="by a link"):
                mover.size(url)
        with pytest.raises(UnableToMove, match="by a link"):
            mover.move(movement(source, f"file://{data}/folder/out"))

    def test_what_is_not_there_is_named(self, mover, data):
        with pytest.raises(UnableToMove, match="is not there"):
            mover.move(movement(f"file://{data}/none", f"file://{data}/out"))
        (data / "folder").mkdir()
        with pytest.raises(UnableToMove, match="is no file"):
            mover.move(movement(f"file://{data}/folder", f"file://{data}/out"))


class TestSftp:
    def test_there_and_back(self, sftp, data, source):
        mover = Mover(sftp.options)
        mover.move(movement(source, "sftp://centre/scratch/job/1/in.bin", sha256=DIGEST))
        assert (sftp.root / "scratch/job/1/in.bin").read_bytes() == CONTENT
        assert mover.size("sftp://centre/scratch/job/1/in.bin") == len(CONTENT)
        mover.move(movement("sftp://centre/scratch/job/1/in.bin", f"file://{data}/back.bin", sha256=DIGEST))
        assert (data / "back.bin").read_bytes() == CONTENT
        assert list((sftp.root / "scratch/job/1").iterdir()) == [sftp.root / "scratch/job/1/in.bin"]

    @pytest.mark.parametrize("up", [True, False])
    def test_a_connection_that_breaks(self, sftp, data, source, up):
        (sftp.root / "scratch").mkdir()
        (sftp.root / "scratch/in.bin").write_bytes(CONTENT)
        ends = (
            (source, "sftp://centre/scratch/out.bin")
            if up
            else ("sftp://centre/scratch/in.bin", f"file://{data}/out.bin")
        )
        asked = movement(*ends, sha256=DIGEST)

        def cut(there, size):
            if there == 5 * PIECE:
                sftp.cut()

        with pytest.raises(UnableToReachPlace):
            Mover(sftp.options).move(asked, cut)
        record = Mover(sftp.options).move(asked)
        out = sftp.root / "scratch/out.bin" if up else data / "out.bin"
        assert out.read_bytes() == CONTENT
        assert record.sent < 2 * len(CONTENT) - 3 * PIECE

    def test_a_target_that_is_there_is_replaced(self, sftp, source):
        (sftp.root / "scratch").mkdir()
        (sftp.root / "scratch/out.bin").write_text("old")
        Mover(sftp.options).move(movement(source, "sftp://centre/scratch/out.bin"))
        assert (sftp.root / "scratch/out.bin").read_bytes() == CONTENT

    def test_no_link_leads_out_of_a_holders_folder(self, sftp, data, source):
        """What a neighbour keeps is neither read nor written with the platform's account, nor a shared root written."""
        own, other, shared = (sftp.root / name for name in ("home/a", "home/b", "shared"))
        for folder in (own, other, shared, own / "real"):
            folder.mkdir(parents=True)
        (other / "secret").write_text("s")
        (own / "file").symlink_to("../b/secret")
        (own / "folder").symlink_to(other)
        (own / "to-shared").symlink_to(shared)
        (own / "nowhere").symlink_to("../b/new")
        (own / "no-folder").symlink_to("../b/none/new")
        (own / "out").symlink_to("/etc/hostname")
        (own / "within").symlink_to("real")
        (own / "real/mine").write_bytes(CONTENT)
        roots = (f"file://{data}", "sftp://centre/home/a", "sftp://centre/shared")
        mover = Mover(replace(sftp.options, roots=roots))
        for name in ("file", "folder/secret", "out"):
            with pytest.raises(UnableToMove, match="by a link") as refused:
                mover.size(f"sftp://centre/home/a/{name}")
            assert refused.value.reason.code == "NOT_ALLOWED"
            with pytest.raises(UnableToMove, match="by a link"):
                mover.move(movement(f"sftp://centre/home/a/{name}", f"file://{data}/out"))
        for name in ("file", "folder/new", "folder/deep/new", "to-shared/new", "nowhere", "no-folder", "no-folder/new"):
            with pytest.raises(UnableToMove, match="by a link"):
                mover.move(movement(source, f"sftp://centre/home/a/{name}"))
        assert [path.name for path in other.iterdir()] == ["secret"]
        assert ((other / "secret").read_text(), list(shared.iterdir())) == ("s", [])
        mover.move(movement("sftp://centre/home/a/within/mine", "sftp://centre/home/a/within/deep/copy"))
        assert (own / "real/deep/copy").read_bytes() == CONTENT

    def test_no_link_in_place_of_the_half_leads_out(self, sftp, source):
        own, other = (sftp.root / name for name in ("home/a", "home/b"))
        for folder in (own, other):
            folder.mkdir(parents=True)
        (other / "log").write_text("")
        asked = movement(source, "sftp://centre/home/a/out")
        (own / f"out.{asked.id}.part").symlink_to("../b/log")
        with pytest.raises(UnableToMove, match="by a link"):
            Mover(replace(sftp.options, roots=(*sftp.options.roots, "sftp://centre/home/a"))).move(asked)
        assert (other / "log").read_text() == ""

    def test_nobody_there(self, sftp, source):
        sftp.stop()
        sftp.stop = lambda: None
        with pytest.raises(UnableToReachPlace):
            Mover(sftp.options).move(movement(source, "sftp://centre/scratch/out.bin"))


class TestS3:
    def test_there_and_back(self, s3, data, source):
        store, bucket, options = s3
        mover = Mover(options)
        record = mover.move(movement(source, f"s3://{bucket}/job/1/in.bin", sha256=DIGEST))
        assert store.get("job/1/in.bin").bytes() == CONTENT
        assert record.size == len(CONTENT)
        mover.move(movement(f"s3://{bucket}/job/1/in.bin", f"file://{data}/back.bin", sha256=DIGEST))
        assert (data / "back.bin").read_bytes() == CONTENT

    def test_half_an_object_is_never_seen(self, s3, source):
        store, bucket, options = s3
        asked = movement(source, f"s3://{bucket}/out.bin")
        with pytest.raises(UnableToReachPlace):
            Mover(options).move(asked, cutting(4 * PIECE))
        assert store.list().collect() == []
        assert Mover(options).move(asked).size == len(CONTENT)

    def test_reading_goes_on_after_a_break(self, s3, data):
        store, bucket, options = s3
        store.put("in.bin", CONTENT)
        asked = movement(f"s3://{bucket}/in.bin", f"file://{data}/out.bin", sha256=DIGEST)
        with pytest.raises(UnableToReachPlace):
            Mover(options).move(asked, cutting(6 * PIECE))
        assert Mover(options).move(asked).sent == len(CONTENT)
        assert Path(data / "out.bin").read_bytes() == CONTENT

    def test_what_is_not_there_is_named(self, s3, data):
        _, bucket, options = s3
        with pytest.raises(UnableToMove, match="is not there"):
            Mover(options).move(movement(f"s3://{bucket}/none", f"file://{data}/out"))
