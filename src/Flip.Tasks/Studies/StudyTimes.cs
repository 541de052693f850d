using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Flip.Config;
using Flip.Io;
using Flip.Tasks.Benchmarking;

namespace Flip.Tasks.Studies;

/// <summary>
/// What a pair costs in each of a study's settings: measured in turns in one process, so that a machine that others use too is fair to all (<see cref="StepTurns"/>), and by formula
/// (<see cref="ModelCost"/>). A cell's time is its pairs times this; what its run took is told beside it.
/// </summary>
/// <param name="Measured">Step times by setting; empty where nothing was measured.</param>
public sealed record StudyTimes(IReadOnlyDictionary<string, StepTime> Measured)
{
    private static readonly string[] Decisive = ["model.", "train.batchSize=", "train.loss="];
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true, RespectRequiredConstructorParameters = true };

    /// <summary>Nothing measured.</summary>
    public static StudyTimes None { get; } = new(new Dictionary<string, StepTime>());

    /// <summary>Times the settings of a study, the baseline's first.</summary>
    /// <param name="plan">The study.</param>
    /// <param name="options">Rounds, time and pairs.</param>
    /// <param name="cancellation">Stops before the next step.</param>
    public static StudyTimes Measure(StudyPlan plan, StepTurnsOptions options, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return Of(plan, StepTurns.Measure([.. Settings(plan).Select(setting => setting.Config)], options, cancellation));
    }

    /// <summary>Times of a study's settings, in their order.</summary>
    internal static StudyTimes Of(StudyPlan plan, IReadOnlyList<StepTime> times) =>
        new(Settings(plan).Zip(times).ToDictionary(pair => pair.First.Key, pair => pair.Second));

    /// <summary>Whether all settings of a study are measured.</summary>
    public bool Has(StudyPlan plan) => Settings(plan).All(setting => Measured.ContainsKey(setting.Key));

    /// <summary>Seconds of a cell by the measured step times; null where one is not measured.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="samples">Pairs of its training.</param>
    /// <param name="tuningSamples">Pairs of its tuning.</param>
    public double? SecondsOf(StudyCell cell, long samples, long tuningSamples)
    {
        ArgumentNullException.ThrowIfNull(cell);
        var tuning = cell.Tuning is null ? 0 : SecondsOf(cell.Tuning) * tuningSamples;
        return SecondsOf(cell.Training) * samples + tuning;
    }

    /// <summary>Operations of a cell by its models' shapes, texts at full length.</summary>
    /// <inheritdoc cref="SecondsOf(StudyCell, long, long)" path="/param"/>
    public static double FlopsOf(StudyCell cell, long samples, long tuningSamples)
    {
        ArgumentNullException.ThrowIfNull(cell);
        return (FlopsOf(cell.Training) * samples) + (cell.Tuning is null ? 0 : FlopsOf(cell.Tuning) * tuningSamples);
    }

    /// <summary>Reads times that <see cref="Write"/> wrote; none where there is no file, or another one.</summary>
    public static StudyTimes Read(string path)
    {
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize<StudyTimes>(JsonInput.Read(path).Span, Json) ?? None : None;
        }
        catch (JsonException)
        {
            return None; // measured again
        }
    }

    /// <summary>Writes them.</summary>
    public void Write(string path) => AtomicFile.WriteText(path, JsonSerializer.Serialize(this, Json) + "\n");

    /// <summary>Settings that take another time, once each, the baseline's training first.</summary>
    private static List<(string Key, FlipConfig Config)> Settings(StudyPlan plan) =>
    [
        .. plan.Cells.OrderByDescending(cell => cell.Values.SequenceEqual(plan.Baseline)).SelectMany(cell => cell.Tuning is null ? [cell.Training] : new[] { cell.Training, cell.Tuning })
            .Select(config => (Key: KeyOf(config), config)).DistinctBy(setting => setting.Key),
    ];

    private double? SecondsOf(FlipConfig config) => Measured.GetValueOrDefault(KeyOf(config))?.SecondsPerPair;

    private static double FlopsOf(FlipConfig config) => ModelCost.Of(config.Model, vocabularySize: config.Data.LearnedVocabularySize).TrainingFlops;

    private static string KeyOf(FlipConfig config)
    {
        var settings = ConfigWriter.Decisive(config).Where(setting => Decisive.Any(start => setting.StartsWith(start, StringComparison.Ordinal)));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', settings))))[..16];
    }
}
