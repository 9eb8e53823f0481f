"""Every AnnData key and every column name of a result table, once."""

from typing import Final

UNS: Final = "neurosig"


def score_key(method: str) -> str:
    """The `obsm` key (and the key below `uns["neurosig"]`) of one method's scores."""
    return f"score_{method}"


def pvalue_key(key: str) -> str:
    """The `obsm` key of the p-values that belong to the scores at `key`."""
    return f"{key}_pvalue"


class Coverage:
    """Columns of `Scores.coverage`, one row per signature."""

    N_GENES: Final = "n_genes"
    N_FOUND: Final = "n_found"
    COVERAGE: Final = "coverage"
    STATUS: Final = "status"
    MISSING: Final = "missing_genes"
    AGREEMENT: Final = "agreement"
    """Kendall's W of several methods; only where the method is made of them."""

    ALL: Final = (N_GENES, N_FOUND, COVERAGE, STATUS, MISSING)

    WEIGHTS_IGNORED: Final = "weights_ignored"
    PARTLY_SCORED: Final = "partly_scored"
    NO_SCORE: Final = "no_score"


class Identifier:
    """Columns of `Harmonised.report`, one row per identifier of the data."""

    INPUT: Final = "input"
    OUTPUT: Final = "output"
    ACTION: Final = "action"
    REASON: Final = "reason"
    CANDIDATES: Final = "candidates"

    ALL: Final = (INPUT, OUTPUT, ACTION, REASON, CANDIDATES)


ORIGINAL_IDS: Final = "original_ids"
"""The `var` column of a harmonised AnnData with the identifiers that a gene had before."""


class Quality:
    """Columns of an assessment, one row per signature."""

    VERDICT: Final = "verdict"
    REASONS: Final = "reasons"
    RULES: Final = "rules"
    N_GENES: Final = "n_genes"
    N_FOUND: Final = "n_found"
    N_NEEDED: Final = "n_needed"
    COVERAGE: Final = "coverage"
    WEIGHT_COVERAGE: Final = "weight_coverage"
    N_DETECTED: Final = "n_detected"
    DETECTED: Final = "detected"
    N_VARYING: Final = "n_varying"
    LOW_VARIANCE: Final = "low_variance"
    CORRELATION: Final = "correlation"
    MEAN_CORRELATION: Final = "mean_correlation"
    PERCENTILE: Final = "percentile"
    RELIABILITY: Final = "reliability"
    PC1_SHARE: Final = "pc1_share"
    RHO_MEAN_MEDIAN: Final = "rho_mean_median"
    RHO_MEAN_PC1: Final = "rho_mean_pc1"
    RHO_MEDIAN_PC1: Final = "rho_median_pc1"
    RHO_MEAN_Z: Final = "rho_mean_z"
    DOMINANCE: Final = "dominance"
    DOMINANT_GENE: Final = "dominant_gene"
    N_OBS: Final = "n_obs"
    MISSING: Final = "missing_genes"

    ALL: Final = (
        VERDICT,
        REASONS,
        RULES,
        N_GENES,
        N_FOUND,
        N_NEEDED,
        COVERAGE,
        WEIGHT_COVERAGE,
        N_DETECTED,
        DETECTED,
        N_VARYING,
        LOW_VARIANCE,
        CORRELATION,
        MEAN_CORRELATION,
        PERCENTILE,
        RELIABILITY,
        PC1_SHARE,
        RHO_MEAN_MEDIAN,
        RHO_MEAN_PC1,
        RHO_MEDIAN_PC1,
        RHO_MEAN_Z,
        DOMINANCE,
        DOMINANT_GENE,
        N_OBS,
        MISSING,
    )


class Confounder:
    """Further columns of a table of scores against possible confounders."""

    COVARIATE: Final = "covariate"
    KIND: Final = "kind"
    FLAG: Final = "flag"
    N_SHARED: Final = "n_shared_genes"
    SHARED: Final = "shared_genes"
    ESTIMATE_WITHOUT: Final = "estimate_without_shared"
    CI_LOW_WITHOUT: Final = "ci_low_without_shared"
    CI_HIGH_WITHOUT: Final = "ci_high_without_shared"


class Result:
    """Columns of a result table, in order; one row per signature x term."""

    COHORT: Final = "cohort"
    ENDPOINT: Final = "endpoint"
    SIGNATURE: Final = "signature"
    LEVEL: Final = "level"
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
    P_PROPORTIONAL: Final = "p_proportional"
    P_PH: Final = "p_ph"
    P_PH_GLOBAL: Final = "p_ph_global"
    P_NULL: Final = "p_null"
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
    DISPERSION: Final = "dispersion"
    THETA: Final = "theta"
    THETA_STD_ERROR: Final = "theta_std_error"
    N_GROUPS: Final = "n_groups"
    SD_GROUP: Final = "sd_group"
    SD_SLOPE: Final = "sd_slope"
    COR_SLOPE: Final = "cor_slope"
    SD_RESIDUAL: Final = "sd_residual"
    ICC: Final = "icc"
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
        LEVEL,
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
        P_PROPORTIONAL,
        P_PH,
        P_PH_GLOBAL,
        P_NULL,
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
        DISPERSION,
        THETA,
        THETA_STD_ERROR,
        N_GROUPS,
        SD_GROUP,
        SD_SLOPE,
        COR_SLOPE,
        SD_RESIDUAL,
        ICC,
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

    OMITTED: Final = "omitted"
    N_COHORTS: Final = "n_cohorts"
    COHORTS: Final = "cohorts"
    TAU2: Final = "tau2"
    TAU2_LOW: Final = "tau2_low"
    TAU2_HIGH: Final = "tau2_high"
    I2: Final = "i2"
    I2_LOW: Final = "i2_low"
    I2_HIGH: Final = "i2_high"
    H2: Final = "h2"
    H2_LOW: Final = "h2_low"
    H2_HIGH: Final = "h2_high"
    Q_HETEROGENEITY: Final = "q_heterogeneity"
    LR_HETEROGENEITY: Final = "lr_heterogeneity"
    P_HETEROGENEITY: Final = "p_heterogeneity"
    Q_SCALE: Final = "q_scale"
    PREDICTION_LOW: Final = "prediction_low"
    PREDICTION_HIGH: Final = "prediction_high"
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
    EFFECT_PREDICTION_LOW: Final = "effect_prediction_low"
    EFFECT_PREDICTION_HIGH: Final = "effect_prediction_high"

    ALL: Final = (
        OMITTED,
        N_COHORTS,
        COHORTS,
        TAU2,
        TAU2_LOW,
        TAU2_HIGH,
        I2,
        I2_LOW,
        I2_HIGH,
        H2,
        H2_LOW,
        H2_HIGH,
        Q_HETEROGENEITY,
        LR_HETEROGENEITY,
        P_HETEROGENEITY,
        Q_SCALE,
        PREDICTION_LOW,
        PREDICTION_HIGH,
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
        EFFECT_PREDICTION_LOW,
        EFFECT_PREDICTION_HIGH,
    )


class CellSummary:
    """Columns of a summary of cells, in order; one row per signature x group."""

    SIGNATURE: Final = "signature"
    GROUP: Final = "group"
    N_CELLS: Final = "n_cells"
    N_DONORS: Final = "n_donors"
    MEAN: Final = "mean"
    MEDIAN: Final = "median"
    FRACTION_HIGH: Final = "fraction_high"
    AUC: Final = "auc"
    AUC_LOW: Final = "auc_low"
    AUC_HIGH: Final = "auc_high"
    TAU: Final = "tau"
    P_VALUE: Final = "p_value"
    Q_VALUE: Final = "q_value"
    STATUS: Final = "status"

    ALL: Final = (
        SIGNATURE,
        GROUP,
        N_CELLS,
        N_DONORS,
        MEAN,
        MEDIAN,
        FRACTION_HIGH,
        AUC,
        AUC_LOW,
        AUC_HIGH,
        TAU,
        P_VALUE,
        Q_VALUE,
        STATUS,
    )


class Performance:
    """Further columns of tables of predictive performance; `estimate` is optimism-corrected."""

    MEASURE: Final = "measure"
    TIME: Final = "time"
    GROUP: Final = "group"
    GROUP_N: Final = "group_n"
    GROUP_EVENTS: Final = "group_events"
    THRESHOLD: Final = "threshold"
    PREDICTED: Final = "predicted"
    APPARENT: Final = "apparent"
    OPTIMISM: Final = "optimism"
    BASE: Final = "base"
    FULL: Final = "full"
    TREAT_ALL: Final = "treat_all"
    N_RESAMPLES: Final = "n_resamples"


class Null:
    """Further columns of a table whose statistics were compared with null distributions.

    `Result.P_NULL` is the p-value against random signatures.
    """

    Z: Final = "z_score_test"
    N_NULL: Final = "n_null"
    Q_NULL: Final = "q_null"
    P_PERMUTED: Final = "p_permuted"
    N_PERMUTED: Final = "n_permuted"
    CATALOGUE_RANK: Final = "catalogue_rank"
    N_CATALOGUE: Final = "n_catalogue"

    ALL: Final = (Z, N_NULL, Q_NULL, P_PERMUTED, N_PERMUTED, CATALOGUE_RANK, N_CATALOGUE)


class Imputation:
    """Further columns of a table pooled over imputations by Rubin's rules."""

    N_IMPUTATIONS: Final = "n_imputations"
    FMI: Final = "fmi"
    RIV: Final = "riv"
    RELATIVE_EFFICIENCY: Final = "relative_efficiency"
    MC_ERROR: Final = "mc_error"
    MC_ERROR_P: Final = "mc_error_p"

    ALL: Final = (N_IMPUTATIONS, FMI, RIV, RELATIVE_EFFICIENCY, MC_ERROR, MC_ERROR_P)


class Interplay:
    """Further columns of tables of two scores together; the terms of their models."""

    FIRST: Final = "first"
    SECOND: Final = "second"
    PRODUCT: Final = "first:second"
    CORRELATION: Final = "correlation"
    VIF: Final = "vif"
    N_SHARED: Final = "n_shared_genes"
    SHARED: Final = "shared_genes"
    ESTIMATE_WITH_SQUARES: Final = "estimate_with_squares"
    P_WITH_SQUARES: Final = "p_with_squares"
    RERI: Final = "reri"
    RERI_LOW: Final = "reri_low"
    RERI_HIGH: Final = "reri_high"
    SLOPE_OF: Final = "slope_of"
    MODERATOR: Final = "moderator"
    AT: Final = "moderator_at"
    AT_SCORE: Final = "moderator_score"
    EXPOSURE: Final = "exposure"
    MEDIATOR: Final = "mediator"
    E_VALUE: Final = "e_value"
    E_VALUE_LIMIT: Final = "e_value_limit"


SCORE_TERM: Final = "score"
"""The `term` of the row that belongs to the signature's score itself."""

OK: Final = "ok"
"""The `status` of a row that went through."""

LOW_AGREEMENT: Final = "low_agreement"
"""The `Coverage.STATUS` of a signature whose scores hang on the method."""

SCORED: Final = (OK, Coverage.WEIGHTS_IGNORED, Coverage.PARTLY_SCORED, LOW_AGREEMENT)
"""The `Coverage.STATUS` of signatures that have scores, without or with a remark."""
SINGLE_DONOR: Final = "single_donor"
"""The `status` of a row that describes cells of one sample, or of samples that were not told."""
