"""Names of metrics as people read them."""

_ACRONYMS = {
    name.lower(): name
    for name in (
        "AUC",
        "AUROC",
        "C2ST",
        "KS",
        "MAE",
        "PCA",
        "R2",
        "RMSE",
        "ROC",
        "SMOTE",
        "TPR",
        "TRTR",
        "TRTS",
        "TSTR",
    )
}


def label(name: str) -> str:
    """A metric's name inside a sentence: `membership_auc` becomes "membership AUC"."""
    joined = name.replace("two_sample", "two-sample").replace("_", " ")
    return " ".join(_ACRONYMS.get(word.lower(), word) for word in joined.split())
