rule cox:
    input:
        scores=f"{IN_COHORT}/{{method}}.scores.csv",
        clinical=f"{IN_COHORT}/clinic.csv",
    output:
        table=f"{IN_COHORT}/{{method}}.survival.csv",
        row_flow=f"{IN_COHORT}/{{method}}.survival.row_flow.csv",
        provenance=f"{IN_COHORT}/{{method}}.survival.csv.provenance.json",
    log:
        "logs/cox/{cohort}.{method}.log",
    benchmark:
        "benchmarks/cox/{cohort}.{method}.tsv"
    conda:
        "../envs/neurosig.yaml"
    threads: 1
    resources:
        mem_mb=memory(20),
        runtime=30,
    params:
        options=lambda wildcards: endpoint_options(
            COHORTS[wildcards.cohort]["endpoint"]
        )
        + terms(COHORTS[wildcards.cohort].get("adjust"))
        + options({"strata": COHORTS[wildcards.cohort].get("strata")})
        + model_options(config.get("model", {})),
    shell:
        "neurosig cox {input.scores:q} {input.clinical:q} --cohort {wildcards.cohort:q}"
        " --output {output.table:q} {params.options:q} > {log:q} 2>&1"


rule regress:
    input:
        scores=f"{IN_COHORT}/{{method}}.scores.csv",
        clinical=f"{IN_COHORT}/clinic.csv",
    output:
        table=f"{IN_COHORT}/{{method}}.regression.{{outcome}}.csv",
        row_flow=f"{IN_COHORT}/{{method}}.regression.{{outcome}}.row_flow.csv",
        provenance=f"{IN_COHORT}/{{method}}.regression.{{outcome}}.csv.provenance.json",
    log:
        "logs/regress/{cohort}.{method}.{outcome}.log",
    benchmark:
        "benchmarks/regress/{cohort}.{method}.{outcome}.tsv"
    conda:
        "../envs/neurosig.yaml"
    threads: 1
    resources:
        mem_mb=memory(20),
        runtime=30,
    params:
        options=lambda wildcards: options(
            outcomes(wildcards.cohort)[wildcards.outcome], "adjust", "model"
        )
        + model_options(outcomes(wildcards.cohort)[wildcards.outcome].get("model", {}))
        + terms(outcomes(wildcards.cohort)[wildcards.outcome].get("adjust")),
    shell:
        "neurosig regress {input.scores:q} {input.clinical:q} --cohort {wildcards.cohort:q}"
        " --output {output.table:q} {params.options:q} > {log:q} 2>&1"


rule pool:
    input:
        tables=[f"{RESULTS}/cohorts/{c}/{{method}}.survival.csv" for c in POOLED],
    output:
        table=f"{RESULTS}/pooled/{{method}}.csv",
        provenance=f"{RESULTS}/pooled/{{method}}.csv.provenance.json",
    log:
        "logs/pool/{method}.log",
    benchmark:
        "benchmarks/pool/{method}.tsv"
    conda:
        "../envs/neurosig.yaml"
    threads: 1
    resources:
        mem_mb=memory(20),
        runtime=10,
    params:
        options=lambda wildcards: options(config.get("pooling")),
    shell:
        "neurosig meta {input.tables:q} --output {output.table:q} {params.options:q}"
        " > {log:q} 2>&1"
