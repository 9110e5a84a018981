"""The decoder against streams written by hand; what real shells write is in test_script.py."""

import base64
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.capture import Answer, Outcome
from agent.capture.frames import Decoder, Framed

NONCE = "0123456789abcdef"
LIMIT = 200


def frame(index: int, data: bytes, *, mark: str = ":x0:", form: str = "64", end: str = ":e0 0:") -> bytes:
    """One answer as the script writes it; the mark lands wherever the encoder's output is just then."""
    text = (base64.encodebytes(data) if form == "64" else data.hex(" ").encode()).decode()
    middle = len(text) // 2
    body = f"{text[:middle]}{mark}\n{text[middle:]}\n{end}\n"
    return f"@{NONCE} answer {index} {form} 100.000000 100.250000\n{body}@{NONCE} end {index}\n\n".encode()


def stream(*frames: bytes, finish: bool = True) -> bytes:
    end = f"@{NONCE} finish {len(frames)}\n".encode() if finish else b""
    return f"@{NONCE} begin mksh\n".encode() + b"".join(frames) + end


def decode(data: bytes, pieces: int = 1 << 30, commands: int = 20) -> tuple[Decoder, list[Framed]]:
    decoder = Decoder(NONCE, [LIMIT] * commands)
    framed: list[Framed] = []
    for start in range(0, len(data), pieces):
        framed += decoder.feed(data[start : start + pieces])
    return decoder, framed


ANSWERS = st.lists(st.binary(max_size=LIMIT), max_size=12)


@given(ANSWERS, st.integers(1, 40), st.sampled_from([b"\n", b"\r\n"]), st.sampled_from(["64", "16"]))
def test_however_the_wire_cuts_the_stream_the_answers_are_the_same(
    answers: list[bytes], pieces: int, newline: bytes, form: str
) -> None:
    data = stream(*(frame(n, answer, form=form) for n, answer in enumerate(answers)))
    decoder, framed = decode(data.replace(b"\n", newline), pieces)
    assert framed == [Framed(n, Answer(data, exit_code=0, duration_ms=250)) for n, data in enumerate(answers)]
    assert (decoder.shell, decoder.finished, decoder.unfinished) == ("mksh", True, None)


@given(ANSWERS, st.data())
def test_wherever_the_stream_breaks_what_was_complete_stays(answers: list[bytes], data: st.DataObject) -> None:
    frames = [frame(n, answer) for n, answer in enumerate(answers)]
    whole = stream(*frames)
    kept = data.draw(st.integers(0, len(whole) - 1))
    decoder, framed = decode(whole[:kept])
    assert [f.answer.data for f in framed] == answers[: len(framed)]
    assert not decoder.finished
    ends = [len(stream(*frames[: n + 1], finish=False)) - 1 for n in range(len(frames))]  # the empty line is no part
    assert len(framed) == sum(end <= kept for end in ends)
    if (cut := decoder.unfinished) is not None:
        assert cut.index == len(framed)
        assert cut.answer.outcome is Outcome.CUT
        assert answers[cut.index].startswith(cut.answer.data)


@given(st.binary(max_size=3000))
def test_noise_is_no_answer_and_raises_nothing(noise: bytes) -> None:
    decoder, framed = decode(noise)
    assert (decoder.shell, decoder.finished, decoder.unfinished, framed) == (None, False, None, [])


@given(st.binary(max_size=300), st.integers(0, 400))
def test_noise_inside_an_answer_never_makes_it_another_answer(noise: bytes, place: int) -> None:
    clean = frame(3, b"what the phone said " * 9)
    place = min(place, len(clean))
    _, framed = decode(stream(clean[:place] + noise + clean[place:]))
    for found in framed:
        if found.answer.outcome is Outcome.COMPLETE and not set(noise) & set(b"ABCDEFabcdef0123456789+/=:"):
            assert found.answer.data == b"what the phone said " * 9


@pytest.mark.parametrize(
    ("written", "answer"),
    [
        (frame(1, b"no", mark=":x127:"), Answer(b"no", exit_code=127)),
        (frame(1, b"begun", mark=":xT:"), Answer(b"begun", Outcome.TIMED_OUT)),
        (frame(1, b"x" * 201, mark=":x141:"), Answer(b"x" * 200, Outcome.TRUNCATED, exit_code=141)),
        (frame(1, b"x" * 201, mark=":xT:"), Answer(b"x" * 200, Outcome.TRUNCATED)),
        # What was killed on the phone: the watchdog, the encoder, `head`. None is a whole answer.
        (frame(1, b"half", mark=""), Answer(b"half", Outcome.CUT)),
        (frame(1, b"half", end=""), Answer(b"half", Outcome.CUT, exit_code=0)),
        (frame(1, b"half", end=":e0 137:"), Answer(b"half", Outcome.CUT, exit_code=0)),
        (frame(1, b"half", end=":e137 0:"), Answer(b"half", Outcome.CUT, exit_code=0)),
        # A shell without PIPESTATUS.
        (frame(1, b"well", end=":e0 :"), Answer(b"well", exit_code=0)),
        (frame(1, b"").replace(b":x0:", b"!\n:x0:"), Answer(b"", Outcome.CUT, exit_code=0)),
    ],
)
def test_says_how_an_answer_ended(written: bytes, answer: Answer) -> None:
    _, framed = decode(stream(written))
    assert framed == [Framed(1, replace(answer, duration_ms=250))]


def test_takes_a_clock_in_any_locale_or_none() -> None:
    written = frame(0, b"a").replace(b"100.250000", b"100,5") + frame(1, b"b").replace(b" 100.000000 100.250000", b"  ")
    _, framed = decode(stream(written))
    assert [f.answer.duration_ms for f in framed] == [500, None]


def test_believes_an_answer_once_and_only_for_a_command_that_was_asked() -> None:
    decoder, framed = decode(stream(frame(1, b"first"), frame(1, b"second"), frame(99, b"x"), frame(2, b"last")))
    assert [(f.index, f.answer.data) for f in framed] == [(1, b"first"), (2, b"last")]
    assert decoder.finished


def test_takes_no_frame_with_another_scans_nonce() -> None:
    decoder, framed = decode(stream(frame(1, b"old")).replace(NONCE.encode(), b"fedcba9876543210"))
    assert (framed, decoder.shell, decoder.finished) == ([], None, False)


def test_warnings_between_frames_are_passed_over() -> None:
    written = b"WARNING: linker: unused DT entry\n" + stream(frame(1, b"a"), b"warning without an end ", frame(2, b"b"))
    _, framed = decode(written)
    assert [(f.index, f.answer.data) for f in framed] == [(1, b"a"), (2, b"b")]


def test_an_endless_answer_takes_no_more_room_than_its_limit_allows() -> None:
    decoder = Decoder(NONCE, [LIMIT])
    decoder.feed(f"@{NONCE} begin mksh\n@{NONCE} answer 0 64 1 2\n".encode())
    for _ in range(200):
        decoder.feed(b"QUFB" * 19 + b"\n")
        decoder.feed(b"QUFB" * 500)
    held = decoder.unfinished
    assert held is not None
    assert held.answer == Answer(b"AAA" * 66 + b"AA", Outcome.TRUNCATED, duration_ms=1000)
    assert len(decoder._body) < 20_000  # memory has no public door
