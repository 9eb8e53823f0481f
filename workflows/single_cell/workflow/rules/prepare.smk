rule harmonise:
    input:
        cells=lambda wildcards: DATASETS[wildcards.dataset]["file"],
    output:
        cells=f"{IN_DATASET}/cells.h5ad",
        report=f"{IN_DATASET}/cells.report.csv",
        provenance=f"{IN_DATASET}/cells.h5ad.provenance.json",
    log:
        "logs/harmonise/{dataset}.log",
    benchmark:
        "benchmarks/harmonise/{dataset}.tsv"
    conda:
        "../envs/neurosig.yaml"
    threads: 1
    resources:
        mem_mb=memory(30),
        runtime=60,
    params:
        options=lambda wildcards: options(config.get("harmonise"))
        + options(DATASETS[wildcards.dataset], "duplicates"),
    shell:
        "neurosig harmonise {input.cells:q} --output {output.cells:q} {params.options:q}"
        " > {log:q} 2>&1"


rule assess:
    input:
        cells=f"{IN_DATASET}/cells.h5ad",
        signatures=SIGNATURE_FILES,
    output:
        table=f"{IN_DATASET}/assessment.csv",
        rules=f"{IN_DATASET}/assessment.rules.csv",
        provenance=f"{IN_DATASET}/assessment.csv.provenance.json",
    log:
        "logs/assess/{dataset}.log",
    benchmark:
        "benchmarks/assess/{dataset}.tsv"
    conda:
        "../envs/neurosig.yaml"
    threads: 1
    resources:
        mem_mb=memory(30),
        runtime=60,
    params:
        options=lambda wildcards: options(
            DATASETS[wildcards.dataset], "layer", "transform"
        )
        + SIGNATURES
        + options(config.get("scoring"))
        + options(config.get("assessment")),
    shell:
        "neurosig assess {input.cells:q} --cohort {wildcards.dataset:q} --output {output.table:q}"
        " {params.options:q} > {log:q} 2>&1"
