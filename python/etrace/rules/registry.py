# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What rules are made of."""


def make_registry():
    """(rules by primitive, decorator that adds a function under names)."""
    rules = {}

    def rule(*names):
        def add(function):
            rules.update(dict.fromkeys(names, function))
            return function
        return add
    return rules, rule
