rule harmonise:
    input:
        expression=lambda wildcards: COHORTS[wildcards.cohort]["expression"]["file"],
    output:
        matrix=f"{IN_COHORT}/expression.h5ad",
        report=f"{IN_COHORT}/expression.report.csv",
        provenance=f"{IN_COHORT}/expression.h5ad.provenance.json",
    log:
        "logs/harmonise/{cohort}.log",
    benchmark:
        "benchmarks/harmonise/{cohort}.tsv"
    conda:
        "../envs/neurosig.yaml"
    threads: 1
    resources:
        mem_mb=memory(20),
        runtime=30,
    params:
        options=lambda wildcards: options(config.get("harmonise"))
        + options(
            COHORTS[wildcards.cohort]["expression"],
            "file",
            "layer",
            "use_raw",
            "transform",
        ),
    shell:
        "neurosig harmonise {input.expression:q} --output {output.matrix:q} {params.options:q}"
        " > {log:q} 2>&1"


rule clinic:
    input:
        clinical=lambda wildcards: COHORTS[wildcards.cohort]["clinical"]["file"],
    output:
        table=f"{IN_COHORT}/clinic.csv",
        row_flow=f"{IN_COHORT}/clinic.row_flow.csv",
        provenance=f"{IN_COHORT}/clinic.csv.provenance.json",
    log:
        "logs/clinic/{cohort}.log",
    benchmark:
        "benchmarks/clinic/{cohort}.tsv"
    conda:
        "../envs/neurosig.yaml"
    threads: 1
    resources:
        mem_mb=memory(20),
        runtime=10,
    params:
        options=lambda wildcards: clinic_options(wildcards.cohort),
    shell:
        "neurosig clinic {input.clinical:q} --output {output.table:q} {params.options:q}"
        " > {log:q} 2>&1"


rule assess:
    input:
        matrix=f"{IN_COHORT}/expression.h5ad",
        rows=f"{IN_COHORT}/clinic.csv",
        signatures=SIGNATURE_FILES,
    output:
        table=f"{IN_COHORT}/assessment.csv",
        rules=f"{IN_COHORT}/assessment.rules.csv",
        provenance=f"{IN_COHORT}/assessment.csv.provenance.json",
    log:
        "logs/assess/{cohort}.log",
    benchmark:
        "benchmarks/assess/{cohort}.tsv"
    conda:
        "../envs/neurosig.yaml"
    threads: 1
    resources:
        mem_mb=memory(20),
        runtime=30,
    params:
        options=lambda wildcards: matrix_options(wildcards.cohort)
        + SIGNATURES
        + options(config.get("scoring"))
        + options(config.get("assessment")),
    shell:
        "neurosig assess {input.matrix:q} --rows {input.rows:q} --cohort {wildcards.cohort:q}"
        " --output {output.table:q} {params.options:q} > {log:q} 2>&1"
