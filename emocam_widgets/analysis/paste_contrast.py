"""An object against a control in its silhouette at the same place: what of the switching is the object, what occlusion.

Works on pairs: one row per image, object and place, with ``switched`` (by the object), ``control_switched`` and
``same`` (both led to the same label).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from emocam_widgets.analysis.resampling import interval, known_level, known_times, resamples


def contrast(pairs: pd.DataFrame, *, level: float = 0.95, times: int = 2000, seed: int = 0) -> pd.DataFrame:
    """Per object, over all places.

    The places of one image are not independent, so images are what is resampled and tested.

    Returns:
        object, images, n (pairs), n_switched (by the object), share, control_share (of the pairs), difference (share
        less control_share), low, high (its percentile interval, bootstrap over images), p_value (Wilcoxon's signed-rank
        test, two-sided, of the images' differences; 1 where they are all 0), only_object, only_control (discordant
        pairs), and of the pairs that the object switched the shares that the control switched also, and also_same to
        the same label: what occlusion alone explains.
    """
    known_level(level)
    known_times("resamples", times)
    rows = [_one(name, mine, level, times, seed) for name, mine in pairs.groupby("object", sort=False, observed=True)]
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def contrast_by_position(pairs: pd.DataFrame) -> pd.DataFrame:
    """Per object and position, where an image is one pair (centred on a class: one for each of its boxes).

    Returns:
        object, position, n, share, control_share, difference, only_object, only_control, p_value (McNemar's exact test,
        two-sided: the discordant pairs against a fair coin).
    """
    from scipy.stats import binom

    one_sided = pairs.assign(
        only_object=pairs["switched"] & ~pairs["control_switched"],
        only_control=~pairs["switched"] & pairs["control_switched"],
    )
    places = one_sided.groupby(["object", "position"], sort=False, observed=True)
    table = places.agg(
        n=("switched", "size"),
        share=("switched", "mean"),
        control_share=("control_switched", "mean"),
        only_object=("only_object", "sum"),
        only_control=("only_control", "sum"),
    )
    table.insert(3, "difference", table["share"] - table["control_share"])
    fewer = table[["only_object", "only_control"]].min(axis=1)
    discordant = table["only_object"] + table["only_control"]
    table["p_value"] = np.minimum(1.0, 2 * binom.cdf(fewer, discordant, 0.5))
    return table.reset_index()


_COLUMNS = (
    "object", "images", "n", "n_switched", "share", "control_share", "difference", "low", "high", "p_value",
    "only_object", "only_control", "also", "also_same",
)  # fmt: skip


def _one(name: object, pairs: pd.DataFrame, level: float, times: int, seed: int) -> dict[str, object]:
    from scipy.stats import wilcoxon

    switched, control = pairs["switched"].to_numpy(), pairs["control_switched"].to_numpy()
    difference = pd.Series(switched.astype(float) - control, index=pairs["image_id"].to_numpy())
    by_image = difference.groupby(level=0, sort=False)
    total, count = by_image.sum().to_numpy(), by_image.size().to_numpy()
    low = high = np.array(np.nan)
    if times:
        draws = [total @ weights / (count @ weights) for weights in resamples(len(total), times, seed, 1)]
        low, high = interval(np.concatenate(draws), level)
    means = total / count
    same = control[switched] & pairs["same"].to_numpy()[switched]
    return {
        "object": name,
        "images": len(total),
        "n": len(pairs),
        "n_switched": int(switched.sum()),
        "share": switched.mean(),
        "control_share": control.mean(),
        "difference": total.sum() / count.sum(),
        "low": float(low),
        "high": float(high),
        "p_value": float(wilcoxon(means).pvalue) if means.any() else 1.0,
        "only_object": int((switched & ~control).sum()),
        "only_control": int((~switched & control).sum()),
        "also": control[switched].mean() if switched.any() else np.nan,
        "also_same": same.mean() if switched.any() else np.nan,
    }
