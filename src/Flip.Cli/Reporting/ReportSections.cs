using System.Globalization;
using Flip.Config;
using Flip.Data;
using Flip.Data.Images;
using Flip.Data.Loading;
using Flip.Evaluation.Reports;
using Flip.Masking;
using Flip.Models;
using Flip.Storage;
using Flip.Tasks.Pretraining;
using Flip.Training;

namespace Flip.Cli.Reporting;

/// <summary>The parts that reports of runs are made of.</summary>
internal static class ReportSections
{
    private const int MatchPool = 256;

    /// <summary>Loss, speed, learning rate and every evaluated number over samples seen, one line a run.</summary>
    public static void Curves(HtmlReport report, IReadOnlyList<(string Name, IReadOnlyList<MetricRecord> Records)> runs)
    {
        Curve(report, runs, "train/loss", "Loss");
        Curve(report, runs, "train/learningRate", "Learning rate");
        Curve(report, runs, "speed/samplesPerSecond", "Samples per second");
        var evaluated = runs.SelectMany(run => run.Records).SelectMany(record => record.Values.Keys)
            .Where(key => key.StartsWith("eval/", StringComparison.Ordinal) && !key.Contains("/chance ", StringComparison.Ordinal))
            .Distinct()
            .ToList();
        foreach (var key in evaluated.Where(key => runs.Any(run => Points(run.Records, key).Count > 1)))
        {
            Curve(report, runs, key, key["eval/".Length..]);
        }
    }

    /// <summary>Pairs as the towers see them in training: cropped, removed patches gray.</summary>
    public static void MaskedSamples(HtmlReport report, TrainingResult trained) => MaskedSamples(report, trained.Config, trained.Gallery);

    /// <inheritdoc cref="MaskedSamples(HtmlReport, TrainingResult)"/>
    /// <param name="report">The report.</param>
    /// <param name="config">The training.</param>
    /// <param name="batch">The pairs, with whole images.</param>
    public static void MaskedSamples(HtmlReport report, FlipConfig config, Batch batch)
    {
        var image = config.Model.Image;
        var kept = MaskRatio.Kept(image.PatchCount(), image.MaskRatio);
        var ids = PatchMask.ChooseBatch(
            image.MaskKind, image.GridSize(), kept, (ulong)config.Train.Seed, batch.Epochs, batch.Samples);
        report.AddImageGrid(
            string.Create(CultureInfo.InvariantCulture, $"What the image tower sees in training: {kept} of {image.PatchCount()} patches"),
            Enumerable.Range(0, batch.Size).Select(i => new ReportImage(
                MaskedImage.Render(
                    Pixels(batch.Images, i, image.ImageSize),
                    image.ImageSize,
                    image.PatchSize,
                    ids.Skip(i * kept).Take(kept).Select(id => (int)id)),
                [])));
    }

    /// <summary>For some captions of unseen scenes, the images that match best.</summary>
    public static void TopMatches(HtmlReport report, LoadedModel model, CaptionedImages set, int queries = 5, int shown = 4)
    {
        var encoder = new InferenceEncoder(model.Model);
        var loader = new ImageLoader(set.Images, EvaluationTransform.Of(model.Config), model.Config.Data.Workers);
        var batch = loader.Read(Math.Min(MatchPool, set.Images.Count)).First();
        var size = model.Config.Model.Image.ImageSize;
        var images = encoder.EncodeImages(batch.Pixels.AsMemory(0, batch.Size * size * size * 3), batch.Size);
        var picked = Enumerable.Range(0, Math.Min(queries, batch.Size)).Select(q => q * batch.Size / queries).ToList();
        foreach (var query in picked)
        {
            var caption = set.Captions[batch.Samples[query]][0];
            var row = new int[encoder.TextLength];
            var length = model.Tokenizer.EncodeRow(caption, row);
            var text = encoder.EncodeTexts(row, new[] { length }, 1);
            var best = Enumerable.Range(0, batch.Size)
                .Select(i => (Image: i, Similarity: Dot(images.AsSpan(i * encoder.EmbedDim, encoder.EmbedDim), text)))
                .OrderByDescending(match => match.Similarity)
                .Take(shown)
                .Select(match => new ReportImage(
                    MaskedImage.Render(Pixels(batch.Pixels, match.Image, size), size, size, [0]),
                    [string.Create(
                        CultureInfo.InvariantCulture, $"{match.Similarity:0.00}{(match.Image == query ? ", its own image" : string.Empty)}")]))
                .ToList();
            report.AddImageGrid($"“{caption}”", best);
        }
    }

    private static void Curve(
        HtmlReport report, IReadOnlyList<(string Name, IReadOnlyList<MetricRecord> Records)> runs, string key, string title)
    {
        var series = runs.Select(run => (run.Name, Points: Points(run.Records, key))).Where(run => run.Points.Count > 0).ToList();
        if (series.Count > 0)
        {
            report.AddChart(title, "samples seen", title, [.. series.Select(run => new ChartSeries(
                run.Name, [.. run.Points.Select(p => p.X)], [.. run.Points.Select(p => p.Y)]))]);
        }
    }

    private static List<(double X, double Y)> Points(IReadOnlyList<MetricRecord> records, string key) =>
        [.. records.Where(record => record.Values.ContainsKey(key)).Select(record => ((double)record.Samples, record.Values[key]))];

    private static byte[] Pixels(byte[] batch, int image, int size) => batch.AsSpan(image * size * size * 3, size * size * 3).ToArray();

    private static float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var sum = 0f;
        for (var i = 0; i < a.Length; i++)
        {
            sum += a[i] * b[i];
        }

        return sum;
    }
}
