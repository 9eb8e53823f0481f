"""Every AnnData key and every column name of a result table, once."""

from typing import Final

UNS: Final = "neurosig"


def score_key(method: str) -> str:
    """The `obsm` key (and the key below `uns["neurosig"]`) of one method's scores."""
    return f"score_{method}"


class Coverage:
    """Columns of `Scores.coverage`, one row per signature."""

    N_GENES: Final = "n_genes"
    N_FOUND: Final = "n_found"
    COVERAGE: Final = "coverage"
    STATUS: Final = "status"
    MISSING: Final = "missing_genes"

    ALL: Final = (N_GENES, N_FOUND, COVERAGE, STATUS, MISSING)


class Result:
    """Columns of a result table, in order; one row per signature x term."""

    COHORT: Final = "cohort"
    ENDPOINT: Final = "endpoint"
    SIGNATURE: Final = "signature"
    TERM: Final = "term"
    ESTIMATE: Final = "estimate"
    STD_ERROR: Final = "std_error"
    CI_LOW: Final = "ci_low"
    CI_HIGH: Final = "ci_high"
    CI_LEVEL: Final = "ci_level"
    STATISTIC: Final = "statistic"
    DF: Final = "df"
    P_VALUE: Final = "p_value"
    P_LR: Final = "p_lr"
    P_PH: Final = "p_ph"
    P_PH_GLOBAL: Final = "p_ph_global"
    Q_VALUE: Final = "q_value"
    FAMILY: Final = "family"
    EFFECT: Final = "effect"
    EFFECT_LOW: Final = "effect_low"
    EFFECT_HIGH: Final = "effect_high"
    EFFECT_SCALE: Final = "effect_scale"
    SPLIT_TIME: Final = "split_time"
    EFFECT_EARLY: Final = "effect_early"
    EFFECT_EARLY_LOW: Final = "effect_early_low"
    EFFECT_EARLY_HIGH: Final = "effect_early_high"
    EFFECT_LATE: Final = "effect_late"
    EFFECT_LATE_LOW: Final = "effect_late_low"
    EFFECT_LATE_HIGH: Final = "effect_late_high"
    RMST_TAU: Final = "rmst_tau"
    RMST_EFFECT: Final = "rmst_effect"
    RMST_LOW: Final = "rmst_low"
    RMST_HIGH: Final = "rmst_high"
    RMST_P_VALUE: Final = "rmst_p_value"
    N: Final = "n"
    N_EVENTS: Final = "n_events"
    N_PARAMS: Final = "n_params"
    EVENTS_PER_PARAM: Final = "events_per_param"
    ADJUSTED_FOR: Final = "adjusted_for"
    MODEL: Final = "model"
    STATUS: Final = "status"
    MESSAGE: Final = "message"

    ALL: Final = (
        COHORT,
        ENDPOINT,
        SIGNATURE,
        TERM,
        ESTIMATE,
        STD_ERROR,
        CI_LOW,
        CI_HIGH,
        CI_LEVEL,
        STATISTIC,
        DF,
        P_VALUE,
        P_LR,
        P_PH,
        P_PH_GLOBAL,
        Q_VALUE,
        FAMILY,
        EFFECT,
        EFFECT_LOW,
        EFFECT_HIGH,
        EFFECT_SCALE,
        SPLIT_TIME,
        EFFECT_EARLY,
        EFFECT_EARLY_LOW,
        EFFECT_EARLY_HIGH,
        EFFECT_LATE,
        EFFECT_LATE_LOW,
        EFFECT_LATE_HIGH,
        RMST_TAU,
        RMST_EFFECT,
        RMST_LOW,
        RMST_HIGH,
        RMST_P_VALUE,
        N,
        N_EVENTS,
        N_PARAMS,
        EVENTS_PER_PARAM,
        ADJUSTED_FOR,
        MODEL,
        STATUS,
        MESSAGE,
    )


class Pooled:
    """Further columns of a table pooled over cohorts."""

    N_COHORTS: Final = "n_cohorts"
    COHORTS: Final = "cohorts"
    TAU2: Final = "tau2"
    I2: Final = "i2"
    Q_HETEROGENEITY: Final = "q_heterogeneity"
    P_HETEROGENEITY: Final = "p_heterogeneity"
    Q_SCALE: Final = "q_scale"
    CI_LOW_WIDER: Final = "ci_low_wider"
    CI_HIGH_WIDER: Final = "ci_high_wider"
    ESTIMATE_COMMON: Final = "estimate_common"
    CI_LOW_COMMON: Final = "ci_low_common"
    CI_HIGH_COMMON: Final = "ci_high_common"
    P_VALUE_COMMON: Final = "p_value_common"
    P_VALUE_WIDER: Final = "p_value_wider"
    EFFECT_COMMON: Final = "effect_common"
    EFFECT_LOW_COMMON: Final = "effect_low_common"
    EFFECT_HIGH_COMMON: Final = "effect_high_common"
    EFFECT_LOW_WIDER: Final = "effect_low_wider"
    EFFECT_HIGH_WIDER: Final = "effect_high_wider"

    ALL: Final = (
        N_COHORTS,
        COHORTS,
        TAU2,
        I2,
        Q_HETEROGENEITY,
        P_HETEROGENEITY,
        Q_SCALE,
        CI_LOW_WIDER,
        CI_HIGH_WIDER,
        ESTIMATE_COMMON,
        CI_LOW_COMMON,
        CI_HIGH_COMMON,
        P_VALUE_COMMON,
        P_VALUE_WIDER,
        EFFECT_COMMON,
        EFFECT_LOW_COMMON,
        EFFECT_HIGH_COMMON,
        EFFECT_LOW_WIDER,
        EFFECT_HIGH_WIDER,
    )


SCORE_TERM: Final = "score"
"""The `term` of the row that belongs to the signature's score itself."""

OK: Final = "ok"
"""The `status` of a row that went through."""
