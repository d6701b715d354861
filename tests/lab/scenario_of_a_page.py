"""A scenario as somebody writes it on the page: the programme's own version, few applicants."""

TEXT = """\
scenario: half
title: {zh: 比例减半, en: half the ratio}
demo: true
years: 1
seeds: {first: 1, count: 2}
price:
  core_hour: 0.15元
  basis: {zh: 演示, en: made up, demo: true}
classes: {sme: {zh: 中小微企业, en: tech SME}}
sizes: {small: {zh: 小, en: small}}
demand:
  basis: {zh: 演示, en: made up, demo: true}
  generated:
    groups:
      - {class: sme, size: small, holders: 20, cost: {median: 8万, spread: 2, least: 5000元}}
use:
  basis: {zh: 演示, en: made up, demo: true}
  never: 10%
  bought: {from: 40%, mode: 90%, to: 110%}
versions:
  - id: now
    zh: 现行
    en: as it is
    document: in-force
    begin: 2023-02-01
    clause: general
    facts:
      applicant.id: {column: holder}
      applicant.holder_class: TECH_SME
      applicant.has_uscc: true
      applicant.in_incubator: false
      applicant.registered_in_city: true
      applicant.end_users: 0
      applicant.dishonest: false
      need.compute_cost: {column: cost}
"""
