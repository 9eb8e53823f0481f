rule score:
    input:
        matrix=f"{IN_COHORT}/expression.h5ad",
        rows=f"{IN_COHORT}/clinic.csv",
        signatures=SIGNATURE_FILES,
    output:
        scores=f"{IN_COHORT}/{{method}}.scores.csv",
        coverage=f"{IN_COHORT}/{{method}}.scores.coverage.csv",
        provenance=f"{IN_COHORT}/{{method}}.scores.csv.provenance.json",
    log:
        "logs/score/{cohort}.{method}.log",
    benchmark:
        "benchmarks/score/{cohort}.{method}.tsv"
    conda:
        "../envs/neurosig.yaml"
    threads: 2
    resources:
        mem_mb=memory(30),
        runtime=60,
    params:
        options=lambda wildcards: matrix_options(wildcards.cohort)
        + SIGNATURES
        + options(config.get("scoring"))
        + [
            word
            for name, value in METHODS[wildcards.method].items()
            for word in ("--param", f"{name}={json.dumps(value)}")
        ],
    shell:
        "neurosig score {input.matrix:q} --rows {input.rows:q} --name {wildcards.cohort:q}"
        " --method {wildcards.method:q} --threads {threads} --output {output.scores:q}"
        " {params.options:q} > {log:q} 2>&1"


rule agreement:
    input:
        scores=[f"{IN_COHORT}/{method}.scores.csv" for method in METHODS],
    output:
        table=f"{IN_COHORT}/agreement.csv",
        provenance=f"{IN_COHORT}/agreement.csv.provenance.json",
    log:
        "logs/agreement/{cohort}.log",
    benchmark:
        "benchmarks/agreement/{cohort}.tsv"
    conda:
        "../envs/neurosig.yaml"
    threads: 1
    resources:
        mem_mb=memory(20),
        runtime=10,
    shell:
        "neurosig agreement {input.scores:q} --cohort {wildcards.cohort:q}"
        " --output {output.table:q} > {log:q} 2>&1"
