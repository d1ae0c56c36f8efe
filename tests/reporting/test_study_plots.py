"""Plots of many trainings: the axis of a setting's values."""

from __future__ import annotations

import pytest

from taggram.reporting import study_plots

pytest.importorskip("matplotlib")


def ticks(values: list[object]) -> list[str]:
    figure = study_plots.by_setting("lr", values, [0.5] * len(values), "ROC-AUC")
    figure.draw_without_rendering()
    return [tick.get_text() for tick in figure.axes[0].get_xticklabels()]


def test_few_values_have_a_tick_each() -> None:
    assert ticks([96, 24, 96, None]) == ["24", "96"]
    assert ticks([0.0004634250583294883, 0.08, 0.08]) == ["0.0004634", "0.08"]
    assert ticks(["db", "log10", "db"]) == ["db", "log10"]


def test_numbers_without_room_side_by_side_are_an_axis() -> None:
    chosen = [0.0004634250, 0.001782649, 0.002032285, 0.004430375, 0.004491523, 0.07963234]
    assert "0.01" in ticks(chosen) and "0.07963" not in ticks(chosen)
