"""`harmonise`: expression data under the gene names that signatures use."""
