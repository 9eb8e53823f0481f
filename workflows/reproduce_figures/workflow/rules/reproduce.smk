rule reproduce:
    output:
        results=report(
            f"{RESULTS}/{{figure}}/results.csv",
            caption="../report/results.rst",
            category="Figures",
        ),
        provenance=f"{RESULTS}/{{figure}}/provenance.json",
    log:
        "logs/reproduce/{figure}.log",
    benchmark:
        "benchmarks/reproduce/{figure}.tsv"
    conda:
        "../envs/neurosig.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        folder=subpath(output.provenance, parent=True),
    shell:
        "neurosig reproduce {wildcards.figure:q} --output {params.folder:q} > {log:q} 2>&1"
