using Flip.Evaluation.Embedding;
using Flip.Models;
using Flip.Search;
using Flip.Serving;

namespace Flip.Server.Models;

/// <summary>An index that a server searches. What <c>flip index</c> publishes meanwhile is found a moment later. Safe to use from several threads.</summary>
public sealed class ServedIndex : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    private readonly ImageIndex _index;
    private readonly Action<string> _say;
    private readonly TimeProvider _time;
    private long _looked;

    private ServedIndex(ImageIndex index, Action<string> say, TimeProvider time) => (_index, _say, _time, _looked) = (index, say, time, time.GetTimestamp());

    /// <summary>Images that it has.</summary>
    public long Images => _index.Description.Images;

    /// <summary>Whether its images have thumbnails.</summary>
    public bool HasThumbnails => _index.Description.Settings.ThumbnailSide > 0;

    /// <summary>Opens an index of a model's embeddings.</summary>
    /// <param name="folder">The index.</param>
    /// <param name="model">The model that is served.</param>
    /// <param name="say">Receives what should not happen, a line each; null for nobody.</param>
    /// <param name="time">Clock; null for the system's.</param>
    /// <exception cref="ConfigException">It is another model's, or nothing of it is published yet.</exception>
    /// <exception cref="Search.Vectors.IndexFormatException">It is no index, or a damaged one.</exception>
    public static ServedIndex Open(string folder, ServedModel model, Action<string>? say = null, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (model.Towers is not { } towers)
        {
            throw new ConfigException($"{folder} cannot be searched: {model.Name} has no embeddings.");
        }

        var index = ImageIndex.Open(folder);
        var wanted = index.Description.Settings.Model;
        var served = IndexedModel.Of(folder, towers, model.Config, new MaskChoice(InferenceMask.None, null));
        if (wanted.DifferencesFrom(served) is { Count: > 0 } differences)
        {
            index.Dispose();
            throw new ConfigException($"{folder} is the index of another model: {string.Join("; ", differences)}.");
        }

        return new ServedIndex(index, say ?? (_ => { }), time ?? TimeProvider.System);
    }

    /// <summary>The images nearest to an embedding, the best first.</summary>
    public IReadOnlyList<FoundImage> Search(float[] query, int top)
    {
        Refresh();
        return _index.Search(query, top);
    }

    /// <summary>The image of a key; null where there is none.</summary>
    public StoredImage? Find(string key)
    {
        Refresh();
        return _index.Find(key);
    }

    /// <summary>The thumbnail of a content, a JPEG file; null where there is none.</summary>
    public byte[]? Thumbnail(long content) => _index.Thumbnail(content);

    /// <inheritdoc/>
    public void Dispose() => _index.Dispose();

    /// <summary>Takes what is published, now and then; a damaged one is told of, and the one before stays.</summary>
    private void Refresh()
    {
        var looked = Volatile.Read(ref _looked);
        if (_time.GetElapsedTime(looked) < Pause || Interlocked.CompareExchange(ref _looked, _time.GetTimestamp(), looked) != looked)
        {
            return;
        }

        try
        {
            _index.Refresh();
        }
        catch (Exception e) when (e is FlipException or IOException)
        {
            _say($"The index was changed and cannot be taken: {e.Message}");
        }
    }
}
