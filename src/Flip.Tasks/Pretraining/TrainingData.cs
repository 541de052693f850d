using Flip.Collectives;
using Flip.Config;
using Flip.Data;
using Flip.Data.Classes;
using Flip.Data.Images;
using Flip.Data.Loading;
using Flip.Data.Pairs;
using Flip.Data.Shards;
using Flip.Data.Stores;
using Flip.Devices;
using Flip.Evaluation.DataSets;
using Flip.Tokenizers;
using Flip.Training;

namespace Flip.Tasks.Pretraining;

/// <summary>The pairs of a training: one source, or a mixture of several.</summary>
/// <param name="Sources">The sources, one or more.</param>
/// <param name="Weights">The weight of each at the beginning.</param>
public sealed record TrainingData(IReadOnlyList<PairSet> Sources, IReadOnlyList<double> Weights)
{
    /// <summary>Pairs whose captions a vocabulary is learnt from, at most.</summary>
    private const int MostLearnt = 1_000_000;

    /// <summary>Pairs of all sources: an epoch.</summary>
    public long Count => Sources.Sum(source => source.Count);

    /// <summary>What the pairs lie in.</summary>
    public IEnumerable<PairPart> Parts => Sources.SelectMany(source => source.Parts);

    /// <summary>All pairs, in the mixture of the beginning.</summary>
    public PairSet Pairs => Mixed([]);

    /// <summary>Opens the configured sources.</summary>
    /// <param name="data">Which.</param>
    /// <param name="say">Receives what is found.</param>
    /// <param name="cancellation">Stops the indexing.</param>
    /// <param name="allowOutside">Whether links to shards may lead out of their folder.</param>
    /// <exception cref="ConfigException">No source is configured, or one has no samples.</exception>
    public static TrainingData Open(DataConfig data, Action<string> say, CancellationToken cancellation, bool allowOutside = false)
    {
        Weighted[] written = data.Mixture.Count > 0 ? [.. data.Mixture.Select(Weighted.Source)] : [new Weighted(1, data.Train ?? throw new ConfigException(
            "There is no training data: name the shards, for example --data 'shards/train-{0000..0041}.tar' (data.train)."))];
        var options = SourceProgress.Sources(say, allowMissing: true, allowOutside) with { Remote = new RemoteFiles(StoresOf(data, say)), Index = data.Index };
        var classes = data.ClassNames is { } file ? ClassNames.Load(file) : null;
        if (classes is not null)
        {
            LabelledData.SayAlike(classes, data.ClassNames!, say);
        }

        var templates = ClassTemplates.Load(data.ClassTemplates);
        var captions = new CaptionReader(
            classes, classes is null ? null : templates, [.. data.Captions.Select(Weighted.Field).Select(field => new CaptionField(field.Name, field.Weight))]);
        var sources = written.Select(source => Open(source.Name)).ToList();
        return new TrainingData(sources, [.. written.Zip(sources, (source, pairs) => source.IsPasses ? source.Weight * pairs.Count : source.Weight)]);

        PairSet Open(string source)
        {
            var pairs = PairSources.Open(source, captions, classes, templates, options, cancellation);
            var name = written.Length > 1 ? $"{source}: " : "";
            say(pairs is ShardedPairs
                ? FormattableString.Invariant($"{name}{pairs.Count:N0} samples in {pairs.Parts.Count} shards.")
                : FormattableString.Invariant($"{name}{pairs.Count:N0} images with captions."));
            return pairs;
        }
    }

    /// <summary>The configured tokenizer; a vocabulary is learnt from the captions where none is named.</summary>
    public ITokenizer Tokenizer(DataConfig data, Action<string> say, CancellationToken cancellation)
    {
        if (data.Vocabulary is null && data.Tokenizer == TokenizerKind.WordPiece)
        {
            say(Count <= MostLearnt ? "Learning a vocabulary from the captions." : FormattableString.Invariant($"Learning a vocabulary from the captions of about {MostLearnt:N0} samples."));
        }

        var tokenizer = TokenizerFactory.Create(data, () => Pairs.ReadCaptions(MostLearnt), cancellation);
        say(FormattableString.Invariant($"{tokenizer.VocabularySize:N0} entries in the vocabulary."));
        return tokenizer;
    }

    /// <summary>The loader at a position, of parts of batches as the steps of a training read them.</summary>
    /// <param name="config">The training.</param>
    /// <param name="tokenizer">Turns captions into rows.</param>
    /// <param name="position">Samples before.</param>
    /// <param name="compute">What the steps compute on.</param>
    /// <param name="ranks">Who shares the batches; null for this process alone.</param>
    public IBatchSource Loader(FlipConfig config, ITokenizer tokenizer, long position, Compute compute, ICommunicator? ranks = null)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(compute);
        ranks ??= OneProcess.Instance;
        var reading = BatchReading.Of(config, compute, ranks.World);
        var plan = TrainingPlan.Of(config, Count);
        return Open(config, tokenizer, plan.TotalSamples, Options(config, position) with
        {
            Rank = ranks.Rank,
            World = ranks.World,
            PartSize = reading.MicroBatch,
            PrefetchBatches = reading.PartsAhead(config.Data.PrefetchBatches),
            Layout = new PairLayout(config.Model, (ulong)config.Train.Seed, compute.Device),
            Mask = plan.ImageMask,
        });
    }

    /// <summary>Some pairs with whole images, cropped as in training.</summary>
    /// <param name="config">The training.</param>
    /// <param name="tokenizer">Turns captions into rows.</param>
    /// <param name="count">How many, from the start of the first epoch.</param>
    /// <param name="cancellation">Stops the reading.</param>
    public Batch FirstPairs(FlipConfig config, ITokenizer tokenizer, int count, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(config);
        using var loader = Open(config, tokenizer, total: 0, Options(config, 0) with { BatchSize = 0 }); // nothing is made ahead of what is asked for
        return loader.Next(count, cancellation);
    }

    /// <summary>How shards in the network are read.</summary>
    /// <param name="data">Cache and keys.</param>
    /// <param name="say">Receives why something is asked for again.</param>
    public static StoreOptions StoresOf(DataConfig data, Action<string> say) => new()
    {
        CacheFolder = data.Cache,
        CacheBytes = (long)(data.CacheSize * (1L << 30)),
        S3Endpoint = data.S3Endpoint,
        S3Anonymous = data.S3Anonymous,
        Notice = say,
    };

    private static BatchLoaderOptions Options(FlipConfig config, long position) => new()
    {
        TextLength = config.Model.Text.Length,
        Seed = (ulong)config.Train.Seed,
        ShuffleShards = config.Data.ShuffleShards,
        Workers = config.Data.Workers,
        PrefetchBatches = config.Data.PrefetchBatches,
        MaxBadShare = config.Data.MaxBadShare,
        Mixup = config.Data.Mixup,
        Start = position,
        BatchSize = config.Train.BatchSize,
    };

    /// <summary>The phases of a mixture, each from its position on.</summary>
    private List<(long From, IReadOnlyList<double> Weights)> Phases(FlipConfig config, long total)
    {
        var phases = new List<(long From, IReadOnlyList<double> Weights)> { (0, Weights) };
        foreach (var step in config.Data.Curriculum.Select(CurriculumStep.Parse).Where(_ => total > 0))
        {
            var from = step.From.ToSamples(config.Train.BatchSize, Count, total);
            phases = [.. phases.Where(phase => phase.From < from), (from, step.Weights)];
        }

        return phases;
    }

    private PairSet Mixed(List<(long From, IReadOnlyList<double> Weights)> phases) =>
        Sources.Count == 1 ? Sources[0] : new MixedPairs(Sources, phases.Count > 0 ? phases : [(0, Weights)]);

    private BatchLoader Open(FlipConfig config, ITokenizer tokenizer, long total, BatchLoaderOptions options) => new(
        Mixed(Phases(config, total)),
        tokenizer,
        new PretrainTransform(config.Model.Image.ImageSize, config.Data, config.Model.Image.Normalization, (ulong)config.Train.Seed),
        options);
}
