"""Chromium, driven by Playwright, with a microphone that the test speaks into."""

from __future__ import annotations

import base64
import contextlib
import io
import os
import shutil
import wave
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.recordings import spoken

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from playwright.async_api import Browser, Page

PATIENCE = 45_000
"""Milliseconds after which a wait on a page is given up."""
SHOTS = Path(__file__).parents[2] / "out" / "screenshots"

_MICROPHONE = """
(() => {
  let context, out;
  const open = () => {
    context ??= new AudioContext({ sampleRate: 48000 });
    out ??= context.createMediaStreamDestination();
    return context.resume();
  };
  navigator.mediaDevices.getUserMedia = async () => {
    await open();
    return new MediaStream([out.stream.getAudioTracks()[0].clone()]);
  };
  window.speak = async (wav) => {
    await open();
    const bytes = Uint8Array.from(atob(wav), (one) => one.charCodeAt(0));
    const source = context.createBufferSource();
    source.buffer = await context.decodeAudioData(bytes.buffer);
    source.connect(out);
    const over = new Promise((resolve) => (source.onended = resolve));
    source.start();
    await over;
  };
  window.heard = 0;
  const listening = new AudioContext();
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes)
      for (const node of addedNodes)
        if (node instanceof HTMLAudioElement && node.srcObject) {
          const analyser = listening.createAnalyser();
          const samples = new Uint8Array(analyser.fftSize);
          listening.resume();
          listening.createMediaStreamSource(node.srcObject).connect(analyser);
          setInterval(() => {
            analyser.getByteTimeDomainData(samples);
            if (samples.some((one) => Math.abs(one - 128) > 8)) window.heard += 1;
          }, 50);
        }
  }).observe(document, { childList: true, subtree: true });
})();
"""
"""A microphone that plays what `speak` is given, and `heard`: how often the page's speaker was not silent."""


def chromium() -> str:
    """The browser; the test is skipped where there is none."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if (found := shutil.which(name)) is not None:
            return found
    return pytest.skip("there is no Chromium on PATH; run: make chromium")


@contextlib.asynccontextmanager
async def a_browser() -> AsyncGenerator[Browser]:
    """A browser without a window, which asks for no permission."""
    from playwright.async_api import async_playwright, expect

    expect.set_options(timeout=PATIENCE)
    flags = ["--autoplay-policy=no-user-gesture-required", "--disable-background-networking"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium(), args=[*flags, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
        )
        try:
            yield browser
        finally:
            await browser.close()


@contextlib.asynccontextmanager
async def a_page(browser: Browser, address: str, *, is_phone: bool = False) -> AsyncGenerator[Page]:
    """The page of a person of its own; an error in it, or a request to elsewhere, fails the test."""
    size = {"width": 390, "height": 844} if is_phone else {"width": 1000, "height": 800}
    context = await browser.new_context(viewport={"width": size["width"], "height": size["height"]})
    await context.add_init_script(_MICROPHONE)
    page = await context.new_page()
    page.set_default_timeout(PATIENCE)
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("request", lambda request: troubles.append(request.url) if "127.0.0.1" not in request.url else None)
    page.on("console", lambda said: troubles.append(said.text) if "Content Security Policy" in said.text else None)
    await page.goto(address)
    try:
        yield page
    finally:
        await context.close()
    assert troubles == []


async def speak(page: Page, text: str) -> None:
    """Say `text` into the page's microphone; returns when it has been said."""
    samples, rate = spoken(text)
    await play(page, samples.tobytes(), rate)


async def play(page: Page, pcm: bytes, rate: int) -> None:
    """Play 16 bit mono sound of `rate` hertz into the page's microphone; returns when it is over."""
    with io.BytesIO() as memory:
        with wave.open(memory, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(rate)
            file.writeframes(pcm)
        await page.evaluate("(wav) => speak(wav)", base64.b64encode(memory.getvalue()).decode())


async def shoot(page: Page, name: str) -> None:
    """Keep a picture of the page, to be looked at."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=SHOTS / f"{name}.png")
