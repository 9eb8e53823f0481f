rule report:
    input:
        tables=reported,
    output:
        page=report(
            f"{RESULTS}/report/report.html",
            caption="../report/report.rst",
            category="Report",
        ),
        provenance=f"{RESULTS}/report/provenance.json",
    log:
        "logs/report.log",
    benchmark:
        "benchmarks/report.tsv"
    conda:
        "../envs/neurosig.yaml"
    threads: 1
    resources:
        mem_mb=memory(20),
        runtime=30,
    params:
        folder=subpath(output.page, parent=True),
        options=lambda wildcards: options(
            {"title": config["title"], "subtitle": config.get("subtitle") or None}
        )
        + [
            word
            for name in config.get("figures", [])
            for word in ("--signature", name)
        ],
    shell:
        "neurosig report {input.tables:q} --output {params.folder:q} {params.options:q}"
        " > {log:q} 2>&1"
