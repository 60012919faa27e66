"""The graph of a computation: plain data, its symbols, its text, its checker."""

from klods.graph.check import check
from klods.graph.graph import Graph, Node, Operand, Value
from klods.graph.symbol import Symbol, Tracer, Untraceable, engine, tracing
from klods.graph.text import text

__all__ = ["Graph", "Node", "Operand", "Symbol", "Tracer", "Untraceable", "Value", "check", "engine", "text", "tracing"]
