"""Unroll's core: vanilla character RNNs, their training and what can be learned from them.

Knows no Streamlit and no Plotly. Imports run one way:

    errors, config, records  <-  data, networks  <-  engines  <-  insight  <-  training
    <-  storage  <-  experiments, classroom  <-  cli
"""
