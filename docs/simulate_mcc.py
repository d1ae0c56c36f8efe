"""What MCC and accuracy scores of a given ROC-AUC can have: ``python docs/simulate_mcc.py FOLDER_OF_MTAT``.

The scores of each tag are drawn from two normal distributions of equal variance, so that their ROC-AUC is the given one
(the binormal model); the labels are those of the test clips. Writes docs/results/simulated-mcc.csv; no audio is needed.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np
from scipy.special import ndtri
from sklearn.metrics import precision_recall_curve, roc_curve

from taggram.evaluation.evaluation_data import load_protocol
from taggram.metrics import averages, mcc

ROC_AUCS = (0.89, 0.90, 0.91, 0.92)
PROTOCOLS = ("mtat-clean", "mtat-full")
OUT = Path(__file__).parent / "results" / "simulated-mcc.csv"
SEED = 0


def best_f1(scores: np.ndarray, truth: np.ndarray) -> float:
    """Return the threshold with the best F1."""
    precision, recall, thresholds = precision_recall_curve(truth, scores)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return float(thresholds[np.argmax(f1[:-1])])


def best_youden(scores: np.ndarray, truth: np.ndarray) -> float:
    """Return the threshold that maximises recall minus false-positive rate."""
    false, recall, thresholds = roc_curve(truth, scores)
    return float(thresholds[np.argmax(recall - false)])


def main(folder: Path) -> None:
    """Simulate each ROC-AUC on the labels of each protocol."""
    rng = np.random.default_rng(SEED)
    rows = []
    for protocol in PROTOCOLS:
        data = load_protocol("mtat", folder, protocol)
        truth = data.truth(data.test)
        for roc_auc in ROC_AUCS:
            scores = rng.normal(size=truth.shape) + truth * np.sqrt(2) * ndtri(roc_auc)
            for rule in (best_f1, best_youden):
                predicted = scores >= [rule(*tag) for tag in zip(scores.T, truth.T, strict=True)]
                value = averages(mcc, predicted, truth)
                rows.append(
                    {
                        "protocol": protocol,
                        "clips": len(truth),
                        "roc_auc": roc_auc,
                        "threshold": rule.__name__,
                        "macro_mcc": f"{value.macro:.3f}",
                        "micro_mcc": f"{value.micro:.3f}",
                        "accuracy": f"{np.mean(predicted == truth):.3f}",
                    }
                )
    with OUT.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(OUT.read_text(encoding="utf-8"), end="")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
