rule report:
    input:
        tables=reported,
    output:
        page=report(
            f"{IN_DATASET}/report/report.html",
            caption="../report/report.rst",
            category="Reports",
        ),
        provenance=f"{IN_DATASET}/report/provenance.json",
    log:
        "logs/report/{dataset}.log",
    benchmark:
        "benchmarks/report/{dataset}.tsv"
    conda:
        "../envs/neurosig.yaml"
    threads: 1
    resources:
        mem_mb=memory(30),
        runtime=30,
    params:
        folder=subpath(output.page, parent=True),
        options=lambda wildcards: options(
            {"title": config["title"], "signatures": config.get("figures")}
        ),
    shell:
        "neurosig report {input.tables:q} --output {params.folder:q}"
        " --subtitle {wildcards.dataset:q} {params.options:q} > {log:q} 2>&1"
