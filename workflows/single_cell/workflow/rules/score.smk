rule score:
    input:
        cells=f"{IN_DATASET}/cells.h5ad",
        signatures=SIGNATURE_FILES,
    output:
        scores=f"{IN_DATASET}/{{method}}.scores.csv",
        coverage=f"{IN_DATASET}/{{method}}.scores.coverage.csv",
        provenance=f"{IN_DATASET}/{{method}}.scores.csv.provenance.json",
    log:
        "logs/score/{dataset}.{method}.log",
    benchmark:
        "benchmarks/score/{dataset}.{method}.tsv"
    conda:
        "../envs/neurosig.yaml"
    threads: 2
    resources:
        mem_mb=memory(30),
        runtime=120,
    params:
        options=lambda wildcards: options(
            DATASETS[wildcards.dataset], "layer", "transform"
        )
        + SIGNATURES
        + options(config.get("scoring"))
        + options(
            {
                "params": [
                    f"{name}={json.dumps(value)}"
                    for name, value in METHODS[wildcards.method].items()
                ]
            }
        ),
    shell:
        "neurosig score {input.cells:q} --name {wildcards.dataset:q} --method {wildcards.method:q}"
        " --threads {threads} --output {output.scores:q} {params.options:q} > {log:q} 2>&1"


rule summarise:
    input:
        cells=f"{IN_DATASET}/cells.h5ad",
        scores=f"{IN_DATASET}/{{method}}.scores.csv",
    output:
        table=f"{IN_DATASET}/{{method}}.cells.csv",
        figure=f"{IN_DATASET}/{{method}}.dots.svg",
        provenance=f"{IN_DATASET}/{{method}}.cells.csv.provenance.json",
    log:
        "logs/summarise/{dataset}.{method}.log",
    benchmark:
        "benchmarks/summarise/{dataset}.{method}.tsv"
    conda:
        "../envs/neurosig.yaml"
    threads: 1
    resources:
        mem_mb=memory(30),
        runtime=60,
    params:
        options=lambda wildcards: options(
            DATASETS[wildcards.dataset], "by", "donor", "min_cells"
        ),
    shell:
        "neurosig sc summarise {input.cells:q} --scores {input.scores:q}"
        " --name {wildcards.dataset:q} --figure {output.figure:q} --output {output.table:q}"
        " {params.options:q} > {log:q} 2>&1"


rule agreement:
    input:
        scores=[f"{IN_DATASET}/{method}.scores.csv" for method in METHODS],
    output:
        table=f"{IN_DATASET}/agreement.csv",
        provenance=f"{IN_DATASET}/agreement.csv.provenance.json",
    log:
        "logs/agreement/{dataset}.log",
    benchmark:
        "benchmarks/agreement/{dataset}.tsv"
    conda:
        "../envs/neurosig.yaml"
    threads: 1
    resources:
        mem_mb=memory(30),
        runtime=30,
    shell:
        "neurosig agreement {input.scores:q} --cohort {wildcards.dataset:q}"
        " --output {output.table:q} > {log:q} 2>&1"
