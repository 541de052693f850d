using Flip.Conversion;
using Flip.Data.Layouts;
using Flip.Evaluation.Embedding;
using Flip.Models;
using Flip.Search;
using Flip.Search.Building;
using Flip.Search.Vectors;
using Flip.Server.Models;
using Flip.Serving;
using Flip.Tests.Cli;
using Flip.Tests.Data.Images;

namespace Flip.Tests.Serving;

/// <summary>The tiny model with an index of some images.</summary>
internal sealed class ServedImages : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    /// <param name="count">Images, <c>0000.png</c> and so on.</param>
    /// <param name="thumbnails">Whether there are thumbnails.</param>
    public ServedImages(int count, bool thumbnails = true)
    {
        TinyModel.Save(Model);
        Images.Add(count);
        Update(thumbnails ? 64 : 0);
    }

    /// <summary>The images.</summary>
    public ImageFolderFixture Images { get; } = new();

    /// <summary>Folder of the index.</summary>
    public string Index => _folder.File("index");

    private string Model => _folder.File("model");

    /// <summary>The model to serve, opened anew.</summary>
    public ServedModel Open() => ServedModels.Open(Model, ServedTiny.Name, ["eval.batchSize=4"]);

    /// <summary>Takes in what changed.</summary>
    public void Update(int thumbnailSide = 64)
    {
        using var loaded = ModelSource.Load(Model, ["eval.batchSize=4"]);
        using var view = new SilentProgress();
        var settings = new IndexSettings(
            loaded.Config.Model.EmbedDim, VectorFormat.Fp32, new GraphSettings(), thumbnailSide, IndexedModel.Of(Model, loaded, new MaskChoice(InferenceMask.None, null)));
        new IndexJob(Index, loaded, settings).Run([new IndexSource(Images.Path, ImageSources.Open(Images.Path, new() { AllowMissing = true }))], view);
    }

    public void Dispose()
    {
        Images.Dispose();
        _folder.Dispose();
    }
}
