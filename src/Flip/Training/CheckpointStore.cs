using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Flip.Config;
using Flip.Io;
using Flip.Models;
using Flip.Storage;
using static TorchSharp.torch;

namespace Flip.Training;

/// <summary>
/// Checkpoints of a run, one folder each, named by samples seen. A folder is written under a temporary name, forced to the disk, read back, compared with
/// its manifest, and renamed: one that has its name is complete. Folders of other names are neither read nor removed.
/// </summary>
/// <param name="folder">Folder of all checkpoints of the run.</param>
/// <param name="keep">Newest checkpoints kept, at least 2; 0 keeps all.</param>
public sealed class CheckpointStore(string folder, int keep)
{
    internal const string StateFile = "state.json";
    internal const string MomentsFile = "optimizer.safetensors";
    internal const string FirstMoment = "firstMoment";
    internal const string SecondMoment = "secondMoment";

    private const string Unfinished = ".unfinished";
    private const string NotFinite = ".not-finite";
    private const string Damaged = ".damaged";
    private const int FewestKept = 2; // the newest is known to be good only after the step that follows it

    /// <summary>How the state is written and read.</summary>
    internal static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>Folder of the newest checkpoint, or null; whether its files are whole is not looked at.</summary>
    public string? Latest => CheckpointFolder.Latest(folder);

    /// <summary>Writes a checkpoint of the present tensors and removes the oldest ones.</summary>
    /// <param name="state">Where the training is.</param>
    /// <param name="parameters">The weights.</param>
    /// <param name="firstMoment">The optimiser's, whole, <c>[parameters]</c>.</param>
    /// <param name="secondMoment">The optimiser's, whole, <c>[parameters]</c>.</param>
    /// <param name="ema">The average, where one is kept.</param>
    /// <exception cref="IOException">It could not be written, for example on a full disk; earlier checkpoints are untouched.</exception>
    public string Save(TrainState state, FlatParameters parameters, Tensor firstMoment, Tensor secondMoment, WeightEma? ema)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        return Save(state, parameters, parameters.Master, firstMoment, secondMoment, ema?.Average, new CheckpointKeeping());
    }

    /// <summary>Writes a checkpoint of a snapshot and removes the oldest ones.</summary>
    /// <param name="snapshot">What is written.</param>
    /// <param name="keeping">Which stay besides the newest; null for none.</param>
    /// <exception cref="IOException">It could not be written, for example on a full disk; earlier checkpoints are untouched.</exception>
    public string Save(CheckpointSnapshot snapshot, CheckpointKeeping? keeping = null)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        return Save(
            snapshot.State,
            snapshot.Parameters,
            snapshot[CheckpointPart.Weights]!,
            snapshot[CheckpointPart.FirstMoment]!,
            snapshot[CheckpointPart.SecondMoment]!,
            snapshot[CheckpointPart.Average],
            keeping ?? new CheckpointKeeping());
    }

    /// <summary>
    /// The newest checkpoint that is as it was written. Damaged ones that are newer get another name (<c>.damaged</c>) and stay.
    /// </summary>
    /// <param name="say">Receives which are damaged and why, and whether the one that is taken can be verified.</param>
    /// <returns>Its folder; null where the run has none, whole or damaged.</returns>
    /// <exception cref="CheckpointFormatException">There are checkpoints, and all are damaged: each is named.</exception>
    public string? NewestWhole(Action<string> say)
    {
        ArgumentNullException.ThrowIfNull(say);
        var found = SetAsideBefore();
        foreach (var checkpoint in CheckpointFolder.All(folder).Reverse())
        {
            if (CheckpointReader.Damage(checkpoint) is not { } damage)
            {
                if (!FolderManifest.IsIn(checkpoint))
                {
                    say($"{checkpoint} is of an earlier version, without {FolderManifest.FileName}: whether all of its bytes are as they were written cannot be verified.");
                }

                return checkpoint;
            }

            var aside = Rename(checkpoint, FreeName(checkpoint + Damaged));
            say($"{checkpoint} is damaged and not used: {damage}. {(aside is null ? "It cannot be renamed." : $"It is kept as {aside}.")}");
            found.Add($"{aside ?? checkpoint} ({damage})");
        }

        return found.Count == 0 ? null : throw new CheckpointFormatException(
            folder, null, $"no checkpoint is whole: {string.Join("; ", found)}. To begin the run again from its beginning, remove {folder}");
    }

    /// <summary>The newest checkpoint that a spike may go back to and that is as it was written. It is not renamed, whatever it is.</summary>
    /// <param name="keeping">Which a spike may go back to.</param>
    /// <param name="say">Receives which are damaged and why.</param>
    /// <returns>Its folder; null where there is none.</returns>
    public string? RestorePoint(CheckpointKeeping keeping, Action<string> say)
    {
        ArgumentNullException.ThrowIfNull(keeping);
        ArgumentNullException.ThrowIfNull(say);
        foreach (var checkpoint in CheckpointFolder.All(folder).Reverse().Where(one => keeping.IsRestorePoint(CheckpointFolder.SamplesOf(one))))
        {
            if (CheckpointReader.Damage(checkpoint) is not { } damage)
            {
                return checkpoint;
            }

            say($"{checkpoint} is damaged and not gone back to: {damage}.");
        }

        return null;
    }

    /// <summary>Removes the checkpoints beyond one that the training has gone back to: they lead to the spike.</summary>
    /// <param name="samples">Samples seen before the one that stays.</param>
    public void RemoveAfter(long samples)
    {
        foreach (var later in CheckpointFolder.All(folder).Where(one => CheckpointFolder.SamplesOf(one) > samples).ToList())
        {
            Remove(later);
        }
    }

    /// <summary>Takes the checkpoint of a number of samples out of the run, since its first step is not finite. Its files are kept beside.</summary>
    /// <returns>Where they are; null where there is no such checkpoint, or it cannot be moved.</returns>
    public string? SetAside(long samples)
    {
        var checkpoint = FolderOf(samples);
        if (!Directory.Exists(checkpoint))
        {
            return null;
        }

        TryDelete(checkpoint + NotFinite);
        return Rename(checkpoint, checkpoint + NotFinite);
    }

    /// <summary>Restores weights, moments and average from a checkpoint's folder. Whether it is as it was written is not looked at (<see cref="NewestWhole"/>).</summary>
    /// <param name="checkpoint">The folder.</param>
    /// <param name="parameters">The weights.</param>
    /// <param name="config">The model that they are of.</param>
    /// <param name="firstMoment">Receives the optimiser's, whole, <c>[parameters]</c>.</param>
    /// <param name="secondMoment">Receives the optimiser's, whole, <c>[parameters]</c>.</param>
    /// <param name="ema">The average, where one is kept.</param>
    /// <exception cref="CheckpointFormatException">A file is missing, damaged or of another model.</exception>
    public static TrainState Load(string checkpoint, FlatParameters parameters, ModelConfig config, Tensor firstMoment, Tensor secondMoment, WeightEma? ema) =>
        CheckpointReader.Load(checkpoint, parameters, config, firstMoment, secondMoment, ema);

    private string Save(
        TrainState state, FlatParameters parameters, Tensor weights, Tensor firstMoment, Tensor secondMoment, Tensor? average, CheckpointKeeping keeping)
    {
        var target = FolderOf(state.Samples);
        if (Directory.Exists(target))
        {
            return target; // the state at a sample count is always the same
        }

        var temporary = AtomicFile.TemporaryName(target, Unfinished);
        try
        {
            foreach (var abandoned in Directory.Exists(folder) ? Directory.GetDirectories(folder, CheckpointFolder.Prefix + "*" + Unfinished) : [])
            {
                Directory.Delete(abandoned, recursive: true); // of a link, the link alone
            }

            FolderSync.Create(temporary);
            string At(string name) => Path.Combine(temporary, name);
            var files = new Dictionary<string, FileDigest>
            {
                [ModelFolder.WeightsFile] = WeightFile.SaveHashed(At(ModelFolder.WeightsFile), parameters, weights),
                [MomentsFile] = WeightFile.SaveFlatHashed(At(MomentsFile), parameters, [(FirstMoment, firstMoment), (SecondMoment, secondMoment)]),
            };
            if (average is not null)
            {
                files.Add(CheckpointFolder.AverageFile, WeightFile.SaveHashed(At(CheckpointFolder.AverageFile), parameters, average));
            }

            files.Add(StateFile, AtomicFile.WriteHashed(At(StateFile), stream => stream.Write(Encoded(state))));
            FolderManifest.Write(temporary, files);

            // Older checkpoints go only after this, so what is read back must be what was written. It may come from the system's memory.
            if (FolderManifest.Problem(temporary) is { } problem)
            {
                throw new IOException($"what was read back is not what was written, {problem}.");
            }

            Directory.Move(temporary, target);
            FolderSync.Flush(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            TryDelete(temporary);
            throw new IOException($"Cannot write the checkpoint {target}: {e.Message}", e);
        }

        Prune(keeping);
        return target;
    }

    private static byte[] Encoded(TrainState state)
    {
        var json = JsonSerializer.SerializeToNode(state, Json)!.AsObject();
        json.Insert(0, CheckpointReader.FormatKey, JsonValue.Create(CheckpointReader.FormatWithManifest));
        return System.Text.Encoding.UTF8.GetBytes(json.ToJsonString(Json));
    }

    private string FolderOf(long samples) => Path.Combine(folder, CheckpointFolder.NameOf(samples));

    /// <summary>Checkpoints that an earlier start found damaged.</summary>
    private List<string> SetAsideBefore() => Directory.Exists(folder)
        ? [.. Directory.EnumerateDirectories(folder, CheckpointFolder.Prefix + "*" + Damaged + "*").Order(StringComparer.Ordinal)]
        : [];

    private void Prune(CheckpointKeeping keeping)
    {
        foreach (var old in keeping.Removed(CheckpointFolder.All(folder), keep > 0 ? Math.Max(keep, FewestKept) : 0).ToList())
        {
            Remove(old);
        }
    }

    /// <summary>By its name no one may find a part of a checkpoint.</summary>
    private static void Remove(string checkpoint) => TryDelete(Rename(checkpoint, AtomicFile.TemporaryName(checkpoint, Unfinished)) ?? checkpoint);

    private static string FreeName(string name)
    {
        var free = name;
        for (var number = 2; Path.Exists(free); number++)
        {
            free = name + "-" + number.ToString(CultureInfo.InvariantCulture);
        }

        return free;
    }

    /// <returns>The new name; null where it cannot have one.</returns>
    private static string? Rename(string checkpoint, string name)
    {
        try
        {
            Directory.Move(checkpoint, name);
            return name;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static void TryDelete(string path)
    {
        try
        {
            if (Directory.Exists(path))
            {
                Directory.Delete(path, recursive: true);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // An old or unfinished checkpoint that stays costs space, not correctness.
        }
    }
}
