//! Prometheus text exposition (format 0.0.4) of values that are kept elsewhere: families with their help, type and samples.

use prometheus::core::Collector;
use prometheus::proto::{Counter, Gauge, LabelPair, Metric, MetricFamily, MetricType};
use prometheus::{Histogram, HistogramOpts, TextEncoder};

/// A name and its value.
type Label<'a> = (&'a str, &'a str);

/// The text while it is put together. A family without samples is left out.
#[derive(Debug, Default)]
pub(super) struct Exposition {
    families: Vec<MetricFamily>,
}

impl Exposition {
    /// A family of counts that only rise.
    pub(super) fn counter<'a, const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = ([Label<'a>; N], u64)>,
    ) {
        let sample = |(labels, count): ([Label<'_>; N], u64)| {
            let mut counter = Counter::default();
            counter.set_value(count as f64);
            let mut metric = labelled(&labels);
            metric.set_counter(counter);
            metric
        };
        self.family((name, help), MetricType::COUNTER, samples.into_iter().map(sample).collect());
    }

    /// A family of values that rise and fall.
    pub(super) fn gauge<'a, const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = ([Label<'a>; N], f64)>,
    ) {
        let sample = |(labels, value): ([Label<'_>; N], f64)| {
            let mut gauge = Gauge::default();
            gauge.set_value(value);
            let mut metric = labelled(&labels);
            metric.set_gauge(gauge);
            metric
        };
        self.family((name, help), MetricType::GAUGE, samples.into_iter().map(sample).collect());
    }

    /// A distribution, named as it was made.
    pub(super) fn histogram(&mut self, of: &Histogram) {
        self.families.extend(of.collect());
    }

    /// One distribution for each set of labels.
    pub(super) fn histograms<'a, const N: usize>(
        &mut self,
        about: (&str, &str),
        samples: impl IntoIterator<Item = ([Label<'a>; N], &'a Histogram)>,
    ) {
        let mut metrics = Vec::new();
        for (labels, of) in samples {
            for mut metric in of.collect().iter_mut().flat_map(MetricFamily::take_metric) {
                metric.set_label(pairs(&labels));
                metrics.push(metric);
            }
        }
        self.family(about, MetricType::HISTOGRAM, metrics);
    }

    /// The whole text.
    pub(super) fn text(&self) -> String {
        // It fails for families without a name or samples only, and there are none.
        TextEncoder::new().encode_to_string(&self.families).unwrap_or_default()
    }

    fn family(&mut self, (name, help): (&str, &str), kind: MetricType, metrics: Vec<Metric>) {
        if metrics.is_empty() {
            return;
        }
        let mut family = MetricFamily::default();
        family.set_name(name.to_owned());
        family.set_help(help.to_owned());
        family.set_field_type(kind);
        family.set_metric(metrics);
        self.families.push(family);
    }
}

/// An empty distribution with these upper bounds.
pub(super) fn histogram(name: &str, help: &str, buckets: &[f64]) -> Histogram {
    let options = HistogramOpts::new(name, help).buckets(buckets.to_vec());
    Histogram::with_opts(options).expect("a fixed name and rising bounds")
}

fn labelled(labels: &[Label<'_>]) -> Metric {
    Metric::from_label(pairs(labels))
}

fn pairs(labels: &[Label<'_>]) -> Vec<LabelPair> {
    let pair = |(name, value): &Label<'_>| {
        let mut pair = LabelPair::default();
        pair.set_name((*name).to_owned());
        pair.set_value((*value).to_owned());
        pair
    };
    labels.iter().map(pair).collect()
}
