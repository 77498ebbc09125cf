"""How well a cheap classifier tells held-out rows from sampled ones: what the GAN is chosen by."""

import numpy as np

from components.data.table import Matrix


def two_sample_auc(
    known: Matrix, held_out: Matrix, sampled_known: Matrix, sampled_new: Matrix
) -> float:
    """ROC AUC of gradient boosting taught on `known` against `sampled_known` rows.

    It is asked about `held_out` against `sampled_new` rows: 0.5 means it cannot tell, and values
    below 0.5 are chance. Matrices are in `encode`'s form, so NaN is a value of its own.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import roc_auc_score

    rows = np.concatenate([known, sampled_known])
    is_real = np.repeat([1, 0], [len(known), len(sampled_known)])
    classifier = HistGradientBoostingClassifier(
        max_iter=40, max_leaf_nodes=15, early_stopping=False, random_state=0
    )
    classifier.fit(rows, is_real)
    asked = np.concatenate([held_out, sampled_new])
    truth = np.repeat([1, 0], [len(held_out), len(sampled_new)])
    return float(roc_auc_score(truth, classifier.predict_proba(asked)[:, 1]))
