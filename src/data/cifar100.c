/* CIFAR-100's binary version: two label bytes a record, of the superclass and of the class; train.bin, test.bin. */
#include "cifar.h"
#include "source.h"

static const struct cifar format[] = {[LABELS_FINE] = {"CIFAR-100", 2, 1}, [LABELS_COARSE] = {"CIFAR-100", 2, 0}};

static status read_split(const struct config *config, const struct labels *labels, enum split split,
                         struct images *images) {
    static const char *const name[] = {[SPLIT_TRAIN] = "train.bin", [SPLIT_TEST] = "test.bin"};
    const struct cifar *cifar = &format[config->data.labels];
    TRY(cifar_append(cifar, labels, config->data.path, name[split], &images->file[0]));
    cifar_point(cifar, images);
    return OK;
}

static const char *const fine[] = {
    "apple",      "aquarium_fish", "baby",         "bear",       "beaver",      "bed",         "bee",
    "beetle",     "bicycle",       "bottle",       "bowl",       "boy",         "bridge",      "bus",
    "butterfly",  "camel",         "can",          "castle",     "caterpillar", "cattle",      "chair",
    "chimpanzee", "clock",         "cloud",        "cockroach",  "couch",       "crab",        "crocodile",
    "cup",        "dinosaur",      "dolphin",      "elephant",   "flatfish",    "forest",      "fox",
    "girl",       "hamster",       "house",        "kangaroo",   "keyboard",    "lamp",        "lawn_mower",
    "leopard",    "lion",          "lizard",       "lobster",    "man",         "maple_tree",  "motorcycle",
    "mountain",   "mouse",         "mushroom",     "oak_tree",   "orange",      "orchid",      "otter",
    "palm_tree",  "pear",          "pickup_truck", "pine_tree",  "plain",       "plate",       "poppy",
    "porcupine",  "possum",        "rabbit",       "raccoon",    "ray",         "road",        "rocket",
    "rose",       "sea",           "seal",         "shark",      "shrew",       "skunk",       "skyscraper",
    "snail",      "snake",         "spider",       "squirrel",   "streetcar",   "sunflower",   "sweet_pepper",
    "table",      "tank",          "telephone",    "television", "tiger",       "tractor",     "train",
    "trout",      "tulip",         "turtle",       "wardrobe",   "whale",       "willow_tree", "wolf",
    "woman",      "worm"};
static const char *const coarse[] = {"aquatic_mammals",
                                     "fish",
                                     "flowers",
                                     "food_containers",
                                     "fruit_and_vegetables",
                                     "household_electrical_devices",
                                     "household_furniture",
                                     "insects",
                                     "large_carnivores",
                                     "large_man-made_outdoor_things",
                                     "large_natural_outdoor_scenes",
                                     "large_omnivores_and_herbivores",
                                     "medium_mammals",
                                     "non-insect_invertebrates",
                                     "people",
                                     "reptiles",
                                     "small_mammals",
                                     "trees",
                                     "vehicles_1",
                                     "vehicles_2"};
_Static_assert(sizeof fine / sizeof *fine == 100 && sizeof coarse / sizeof *coarse == 20, "CIFAR-100 has 100 and 20");
static const struct image_source cifar100[] = {
    [LABELS_FINE] = {"cifar100", 100, fine, read_split}, [LABELS_COARSE] = {"cifar100", 20, coarse, read_split}};

static status load(const struct config *config, bool keep, struct dataset *dataset) {
    return images_load(config, &cifar100[config->data.labels], keep, dataset);
}

const struct source source_cifar100 = {load};
